//! Every email in every language.

use std::time::Duration;

use super::*;
use crate::model::code::{Code, CodeLength};
use crate::model::language::Language;
use crate::model::locale::Locale;
use crate::model::password::Password;
use crate::model::token::Token;
use crate::model::web_address::WebAddress;
use crate::ports::{Clock as _, Env as _};
use crate::settings::{self, ChallengeSettings, MailBranding};
use crate::testing::{MemoryEnv, block_on};

mod complete;
mod data;
mod hostile;
mod html;
mod snapshots;
mod times;
mod written;

const PASSWORD: &str = "tidal-amber-quiet-42";

fn env() -> MemoryEnv {
    let env = MemoryEnv::default();
    env.variables.set("app_name", "Harbour");
    env.variables
        .set("support_url", "https://help.example.test/?a=1&b=2");
    env
}

/// All emails in `language`, in each of their forms, by name.
fn mails(env: &MemoryEnv, language: Language) -> Vec<(&'static str, Message)> {
    let branding: MailBranding = block_on(settings::load(env.variables())).unwrap();
    let locale = Locale::read(language.tag()).unwrap();
    let translator = &Translator::for_reader(&branding, &[Some(&locale)]);
    let at = env.clock().now();
    let until = at.plus(Duration::from_hours(72));
    let to = "ann@example.test";
    let recovery = |requester| recovery(env, translator, requester);
    let changed = |requester| prepare_password_changed(to, translator, requester, at).unwrap();
    let password = |must_change, until| {
        let password = Password::new(PASSWORD);
        let sign_in = sign_in_url();
        let mail = TemporaryPasswordMail {
            password: &password,
            must_change,
            expires_at: until,
            sign_in_url: Some(&sign_in).filter(|_| must_change),
        };
        prepare_temporary_password(to, &mail, translator).unwrap()
    };
    vec![
        ("recovery", recovery(Requester::User)),
        (
            "recovery-by-administrator",
            recovery(Requester::Administrator),
        ),
        ("password-changed", changed(Requester::User)),
        (
            "password-changed-by-administrator",
            changed(Requester::Administrator),
        ),
        ("temporary-password", password(true, Some(until))),
        ("temporary-password-for-ever", password(false, None)),
        ("invitation", invitation(env, translator, true)),
        (
            "invitation-without-sign-in",
            invitation(env, translator, false),
        ),
        (
            "email-changed",
            prepare_email_changed(to, translator, at).unwrap(),
        ),
        (
            "account-deleted",
            prepare_account_deleted(to, translator, at).unwrap(),
        ),
    ]
}

/// Subject and text, as they are written to a file.
fn as_text(message: &Message) -> String {
    format!("Subject: {}\n\n{}\n", message.subject, message.text)
}

fn recovery(env: &MemoryEnv, translator: &Translator<'_>, requested_by: Requester) -> Message {
    let env = &env.fork();
    let lifetimes: ChallengeSettings = block_on(settings::load(env.variables())).unwrap();
    let mail = RecoveryMail {
        code: Some(&Code::generate(CodeLength::new(6).unwrap(), &env.random).unwrap()),
        link: &Token::generate(&env.random).unwrap(),
        cancel: &Token::generate(&env.random).unwrap(),
        code_expires_at: env.clock().now().plus(lifetimes.code),
        link_expires_at: env.clock().now().plus(lifetimes.link),
        requested_at: env.clock().now(),
        requested_by,
    };
    prepare_recovery("ann@example.test", &mail, translator, &lifetimes).unwrap()
}

fn invitation(env: &MemoryEnv, translator: &Translator<'_>, leads_on: bool) -> Message {
    let sign_in = sign_in_url();
    let life = Duration::from_hours(7 * 24);
    let mail = InvitationMail {
        link: &Token::generate(&env.fork().random).unwrap(),
        life,
        link_expires_at: env.clock().now().plus(life),
        sign_in_url: Some(&sign_in).filter(|_| leads_on),
    };
    prepare_invitation("ann@example.test", &mail, translator).unwrap()
}

fn sign_in_url() -> WebAddress {
    WebAddress::parse("https://portal.example.test/sign-in?a=1&b=2").unwrap()
}

/// The code of [`recovery`], and the secrets of its links.
fn secrets(env: &MemoryEnv) -> (String, String, String) {
    let random = &env.fork().random;
    let code = Code::generate(CodeLength::new(6).unwrap(), random).unwrap();
    let link = Token::generate(random).unwrap();
    let cancel = Token::generate(random).unwrap();
    (code.reveal().to_owned(), link.reveal(), cancel.reveal())
}

fn mail(env: &MemoryEnv, language: Language, name: &str) -> Message {
    let mut mails = mails(env, language).into_iter();
    mails.find(|(it, _)| *it == name).expect("a mail").1
}
