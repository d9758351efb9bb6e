//! The mail with link and code.

use askama::Template;

use crate::mail::message::translator::AttributionTexts;
use crate::mail::message::{Message, Parts, Requester, Translator, texts};
use crate::model::code::Code;
use crate::model::lifetimes::ChallengeSettings;
use crate::model::timestamp::Timestamp;
use crate::model::token::Token;
use crate::ports::Outage;

/// The content of a recovery mail.
#[derive(Debug)]
pub struct RecoveryMail<'a> {
    /// Shown as digits in the text, never in the subject or preview.
    pub code: &'a Code,
    /// The secret of the link.
    pub link: &'a Token,
    /// The secret of the "this was not me" link.
    pub cancel: &'a Token,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// The client, whose masked address is shown, or an administrator.
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
    open_link: String,
    link: String,
    type_code: String,
    code: &'a str,
    cancel_link: String,
    asked: String,
}

const ASKED: AttributionTexts = AttributionTexts {
    at: texts::RECOVERY_ASKED,
    from: texts::RECOVERY_ASKED_FROM,
    by_administrator: texts::RECOVERY_ASKED_BY_ADMINISTRATOR,
};

/// The mail with link and code. Both links carry their secret in the fragment, which browsers do not send to servers.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_recovery(
    to: &str,
    mail: &RecoveryMail<'_>,
    translator: &Translator<'_>,
    lifetimes: &ChallengeSettings,
) -> Result<Message, Outage> {
    let site = translator.site();
    let intro = match mail.requested_by {
        Requester::Client(_) => texts::RECOVERY_INTRO,
        Requester::Administrator => texts::RECOVERY_INTRO_BY_ADMINISTRATOR,
    };
    let mail = &RecoveryFacts {
        intro: translator.text(intro),
        open_link: translator.with_life(texts::RECOVERY_LINK, lifetimes.link),
        link: site.link("/reset-password", mail.link),
        type_code: translator.with_life(texts::RECOVERY_CODE, lifetimes.code),
        code: mail.code.reveal(),
        cancel_link: site.link("/cancel-recovery", mail.cancel),
        asked: translator.by(&ASKED, mail.requested_by, mail.requested_at),
    };
    Parts {
        subject: RecoverySubject { translator },
        text: RecoveryText { translator, mail },
        html: RecoveryHtml { translator, mail },
    }
    .render(to)
}
