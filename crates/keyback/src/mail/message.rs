//! The mails, from their templates: a subject, a text and an HTML part each.

use askama::Template;
use serde::{Deserialize, Serialize};

use crate::model::client_address::ClientAddress;
use crate::model::code::Code;
use crate::model::timestamp::Timestamp;
use crate::model::token::Token;
use crate::ports::Outage;
use crate::settings::{Lifetimes, Site};

/// A mail ready to be sent, but for its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The stored address of the account.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// What a recovery mail tells.
#[derive(Debug)]
pub struct RecoveryMail<'a> {
    /// The code.
    pub code: &'a Code,
    /// The secret of the link.
    pub link: &'a Token,
    /// The secret of the "this was not me" link.
    pub cancel: &'a Token,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// From where.
    pub client: ClientAddress,
}

#[derive(Template)]
#[template(path = "recovery.subject.txt")]
struct RecoverySubject<'a> {
    app_name: &'a str,
}

#[derive(Template)]
#[template(path = "recovery.txt")]
struct RecoveryText<'a> {
    facts: &'a RecoveryFacts<'a>,
}

#[derive(Template)]
#[template(path = "recovery.html")]
struct RecoveryHtml<'a> {
    facts: &'a RecoveryFacts<'a>,
}

struct RecoveryFacts<'a> {
    app_name: &'a str,
    code: &'a str,
    link: String,
    cancel_link: String,
    code_minutes: u64,
    link_minutes: u64,
    requested_at: String,
    client: ClientAddress,
    support_url: Option<&'a str>,
}

/// The mail with link and code. Both secrets of links are in fragments, which browsers send to nobody.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_recovery(
    to: &str,
    mail: &RecoveryMail<'_>,
    site: &Site,
    lifetimes: &Lifetimes,
) -> Result<Message, Outage> {
    let link = |path: &str, token: &Token| {
        format!("{}#token={}", site.base_url.join(path), token.reveal())
    };
    let facts = RecoveryFacts {
        app_name: &site.app_name,
        code: mail.code.reveal(),
        link: link("/reset-password", mail.link),
        cancel_link: link("/cancel-recovery", mail.cancel),
        code_minutes: lifetimes.code.as_secs().div_ceil(60),
        link_minutes: lifetimes.link.as_secs().div_ceil(60),
        requested_at: readable(mail.requested_at),
        client: mail.client,
        support_url: site.support_url.as_deref(),
    };
    Ok(Message {
        to: to.to_owned(),
        subject: render(&RecoverySubject {
            app_name: facts.app_name,
        })?,
        text: render(&RecoveryText { facts: &facts })?,
        html: render(&RecoveryHtml { facts: &facts })?,
    })
}

#[derive(Template)]
#[template(path = "password_changed.subject.txt")]
struct PasswordChangedSubject<'a> {
    app_name: &'a str,
}

#[derive(Template)]
#[template(path = "password_changed.txt")]
struct PasswordChangedText<'a> {
    facts: &'a PasswordChangedFacts<'a>,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct PasswordChangedHtml<'a> {
    facts: &'a PasswordChangedFacts<'a>,
}

struct PasswordChangedFacts<'a> {
    app_name: &'a str,
    changed_at: String,
    client: ClientAddress,
    forgot_link: String,
    support_url: Option<&'a str>,
}

/// The mail that tells of a change, with no secret in it.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_password_changed(
    to: &str,
    site: &Site,
    client: ClientAddress,
    changed_at: Timestamp,
) -> Result<Message, Outage> {
    let facts = PasswordChangedFacts {
        app_name: &site.app_name,
        changed_at: readable(changed_at),
        client,
        forgot_link: site.base_url.join("/forgot-password"),
        support_url: site.support_url.as_deref(),
    };
    Ok(Message {
        to: to.to_owned(),
        subject: render(&PasswordChangedSubject {
            app_name: facts.app_name,
        })?,
        text: render(&PasswordChangedText { facts: &facts })?,
        html: render(&PasswordChangedHtml { facts: &facts })?,
    })
}

fn render(template: &impl Template) -> Result<String, Outage> {
    template
        .render()
        .map(|text| text.trim().to_owned())
        .map_err(|_| Outage::Record("a template failed"))
}

/// `2026-11-23 09:00 UTC`
fn readable(time: Timestamp) -> String {
    let text = time.rfc3339();
    let minutes = text.get(..16).unwrap_or_default().replace('T', " ");
    format!("{minutes} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code::CodeLength;
    use crate::ports::{Clock as _, Env as _};
    use crate::settings;
    use crate::testing::{MemoryEnv, block_on};

    fn recovery(app_name: &str) -> (Message, String, String) {
        let env = MemoryEnv::default();
        env.variables.set("app_name", app_name);
        env.variables
            .set("support_url", "https://help.example.test/?a=1&b=2");
        let (site, lifetimes) =
            block_on(settings::load::<(Site, Lifetimes)>(env.variables())).unwrap();
        let code = Code::generate(CodeLength::new(6).unwrap(), &env.random).unwrap();
        let link = Token::generate(&env.random).unwrap();
        let cancel = Token::generate(&env.random).unwrap();
        let mail = RecoveryMail {
            code: &code,
            link: &link,
            cancel: &cancel,
            requested_at: env.clock().now(),
            client: ClientAddress::parse("203.0.113.9").unwrap(),
        };
        let message = prepare_recovery("ann@example.test", &mail, &site, &lifetimes).unwrap();
        (message, code.reveal().to_owned(), link.reveal())
    }

    #[test]
    fn a_recovery_mail_holds_code_and_link_in_both_parts() {
        let (message, code, link) = recovery("Keyback");
        let link = format!("https://id.example.test/reset-password#token={link}");
        assert_eq!(message.subject, "Reset your Keyback password");
        assert!(
            message.text.lines().any(|line| line.trim() == code),
            "{}",
            message.text
        );
        assert!(message.text.contains(&link));
        assert!(message.html.contains(&code) && message.html.contains(&link));
        for part in [&message.text, &message.html] {
            assert!(part.contains("/cancel-recovery#token="));
            assert!(part.contains("2026-11-23 09:00 UTC") && part.contains("203.0.*.*"));
            assert!(!part.contains("203.0.113.9"));
            assert!(part.contains("10 minutes") && part.contains("20 minutes"));
        }
        assert!(
            !message.subject.contains(&code),
            "a code in the subject shows on locked screens"
        );
    }

    #[test]
    fn names_are_escaped_in_html_and_left_alone_in_text() {
        let (message, ..) = recovery("<b>A&B</b>");
        assert!(message.text.contains("<b>A&B</b>"));
        assert!(!message.html.contains("<b>A&B</b>"));
        assert!(message.html.contains("?a=1&#38;b=2") || message.html.contains("?a=1&amp;b=2"));
    }
}
