//! The email with link and code, or with the link alone.

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::text::Text;
use crate::mail::message::{MailData, Message, Parts, Requester, Translator, texts};
use crate::model::code::Code;
use crate::model::lifetimes::ChallengeSettings;
use crate::model::token::Token;
use crate::ports::Unavailable;

/// The content of a recovery email.
#[derive(Debug)]
pub struct RecoveryMail<'a> {
    /// Shown as digits in the text, never in the subject or preview. `None` for an email with the link alone.
    pub code: Option<&'a Code>,
    /// The secret of the link.
    pub link: &'a Token,
    /// The secret of the "this was not me" link.
    pub cancel: &'a Token,
    /// When the code stops working.
    pub code_expires_at: Timestamp,
    /// When the link stops working.
    pub link_expires_at: Timestamp,
    /// When the recovery was requested.
    pub requested_at: Timestamp,
    /// The user, or an administrator.
    pub requested_by: Requester,
}

#[derive(Template)]
#[template(path = "mail/recovery.subject.txt")]
struct RecoverySubject<'a> {
    translator: &'a Translator<'a>,
}

#[derive(Template)]
#[template(path = "mail/recovery.txt")]
struct RecoveryText<'a> {
    translator: &'a Translator<'a>,
    mail: &'a RecoveryFacts<'a>,
}

#[derive(Template)]
#[template(path = "mail/recovery.html")]
struct RecoveryHtml<'a> {
    translator: &'a Translator<'a>,
    mail: &'a RecoveryFacts<'a>,
}

struct RecoveryFacts<'a> {
    intro: String,
    code: Option<CodeFacts<'a>>,
    open_link: String,
    link: String,
    not_you: String,
    cancel_link: String,
    asked: String,
}

struct CodeFacts<'a> {
    hint: String,
    /// The hint, split at the page's address, which is a link in HTML. `None` if the hint does not contain it.
    linked: Option<(String, &'a str, String)>,
    digits: &'a str,
}

impl<'a> CodeFacts<'a> {
    fn new(hint: String, page: Option<&'a str>, code: &'a Code) -> Self {
        let linked = page.and_then(|page| {
            let (before, after) = hint.split_once(page)?;
            Some((before.to_owned(), page, after.to_owned()))
        });
        Self {
            hint,
            linked,
            digits: code.reveal(),
        }
    }
}

/// The texts that depend on the requester.
struct RecoveryTexts {
    intro: &'static Text,
    code: &'static Text,
    not_you: &'static Text,
    asked: &'static Text,
}

const ASKED_BY_USER: RecoveryTexts = RecoveryTexts {
    intro: texts::RECOVERY_INTRO,
    code: texts::RECOVERY_CODE,
    not_you: texts::RECOVERY_NOT_YOU,
    asked: texts::RECOVERY_ASKED,
};

const ASKED_BY_ADMINISTRATOR: RecoveryTexts = RecoveryTexts {
    intro: texts::RECOVERY_INTRO_BY_ADMINISTRATOR,
    code: texts::RECOVERY_CODE_BY_ADMINISTRATOR,
    not_you: texts::RECOVERY_NOT_EXPECTED,
    asked: texts::RECOVERY_ASKED_BY_ADMINISTRATOR,
};

/// The email with the link and, if there is one, the code. Both links carry their secret in the fragment, which
/// browsers do not send to servers.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_recovery(
    to: &str,
    mail: &RecoveryMail<'_>,
    translator: &Translator<'_>,
    lifetimes: &ChallengeSettings,
) -> Result<Message, Unavailable> {
    let site = translator.site();
    let life = translator.life(lifetimes.code);
    let (words, page) = match mail.requested_by {
        Requester::User => (ASKED_BY_USER, None),
        // This reader has no page open for typing the code.
        Requester::Administrator => (ASKED_BY_ADMINISTRATOR, Some(site.code_page())),
    };
    let page = page.as_deref();
    let values: Vec<_> = [("life", life.as_str())]
        .into_iter()
        .chain(page.map(|page| ("page", page)))
        .collect();
    // "Or" only if there is something before it.
    let open_link = match mail.code {
        Some(_) => texts::RECOVERY_LINK,
        None => texts::INVITATION_LINK,
    };
    let data = data(mail, translator);
    let mail = &RecoveryFacts {
        intro: translator.with(words.intro, &[("email", to)]),
        code: mail
            .code
            .map(|code| CodeFacts::new(translator.with(words.code, &values), page, code)),
        open_link: translator.with_life(open_link, lifetimes.link),
        link: site.reset_link(mail.link),
        not_you: translator.text(words.not_you),
        cancel_link: site.cancel_link(mail.cancel),
        asked: translator.with_time(words.asked, mail.requested_at),
    };
    Parts {
        subject: RecoverySubject { translator },
        text: RecoveryText { translator, mail },
        html: RecoveryHtml { translator, mail },
    }
    .render(to, data)
}

fn data(mail: &RecoveryMail<'_>, translator: &Translator<'_>) -> MailData {
    let site = translator.site();
    MailData {
        link: Some(site.reset_link(mail.link)),
        link_expires_at: Some(mail.link_expires_at.rfc3339()),
        code: mail.code.map(|code| code.reveal().to_owned()),
        code_expires_at: mail.code.map(|_| mail.code_expires_at.rfc3339()),
        cancel_link: Some(site.cancel_link(mail.cancel)),
        requested_at: Some(mail.requested_at.rfc3339()),
        ..MailData::new(translator, mail.requested_by)
    }
}
