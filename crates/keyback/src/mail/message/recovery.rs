//! The mail with link and code.

use askama::Template;

use crate::mail::message::{Message, Parts, readable};
use crate::model::code::Code;
use crate::model::timestamp::Timestamp;
use crate::model::token::Token;
use crate::ports::Outage;
use crate::settings::{Lifetimes, Site};

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
    /// By whom, or from where: `from 203.0.*.*`.
    pub requested_by: &'a str,
}

#[derive(Template)]
#[template(path = "mail/recovery.subject.txt")]
struct RecoverySubject<'a>(&'a RecoveryFacts<'a>);

#[derive(Template)]
#[template(path = "mail/recovery.txt")]
struct RecoveryText<'a>(&'a RecoveryFacts<'a>);

#[derive(Template)]
#[template(path = "mail/recovery.html")]
struct RecoveryHtml<'a>(&'a RecoveryFacts<'a>);

struct RecoveryFacts<'a> {
    app_name: &'a str,
    code: &'a str,
    link: String,
    cancel_link: String,
    code_life: String,
    link_life: String,
    requested_at: String,
    requested_by: &'a str,
    support_url: Option<&'a str>,
}

/// The mail with link and code. Both links carry their secret in the fragment, which browsers send to nobody.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_recovery(
    to: &str,
    mail: &RecoveryMail<'_>,
    site: &Site,
    lifetimes: &Lifetimes,
) -> Result<Message, Outage> {
    let facts = RecoveryFacts {
        app_name: &site.app_name,
        code: mail.code.reveal(),
        link: site.link("/reset-password", mail.link),
        cancel_link: site.link("/cancel-recovery", mail.cancel),
        code_life: life(lifetimes.code.as_secs()),
        link_life: life(lifetimes.link.as_secs()),
        requested_at: readable(mail.requested_at),
        requested_by: mail.requested_by,
        support_url: site.support_url.as_deref(),
    };
    Parts {
        subject: RecoverySubject(&facts),
        text: RecoveryText(&facts),
        html: RecoveryHtml(&facts),
    }
    .render(to)
}

/// `10 minutes`, `2 hours`; never more than there is.
fn life(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        _ => (seconds / 3_600, "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
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
            requested_by: "from 203.0.*.*",
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
