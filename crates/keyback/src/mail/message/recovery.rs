//! The mail with link and code.

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::translator::AttributionTexts;
use crate::mail::message::{Message, Parts, Requester, Translator, texts};
use crate::model::code::Code;
use crate::model::lifetimes::ChallengeSettings;
use crate::model::token::Token;
use crate::ports::Unavailable;

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
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_recovery(
    to: &str,
    mail: &RecoveryMail<'_>,
    translator: &Translator<'_>,
    lifetimes: &ChallengeSettings,
) -> Result<Message, Unavailable> {
    let site = translator.site();
    let life = translator.life(lifetimes.code);
    let (intro, code, page) = match mail.requested_by {
        Requester::Client(_) => (texts::RECOVERY_INTRO, texts::RECOVERY_CODE, None),
        // Its reader has no page open that asks for the code.
        Requester::Administrator => (
            texts::RECOVERY_INTRO_BY_ADMINISTRATOR,
            texts::RECOVERY_CODE_BY_ADMINISTRATOR,
            Some(site.code_page()),
        ),
    };
    let page = page.as_deref().map(|page| ("page", page));
    let values: Vec<_> = [("life", life.as_str())].into_iter().chain(page).collect();
    let mail = &RecoveryFacts {
        intro: translator.text(intro),
        open_link: translator.with_life(texts::RECOVERY_LINK, lifetimes.link),
        link: site.reset_link(mail.link),
        type_code: translator.with(code, &values),
        code: mail.code.reveal(),
        cancel_link: site.cancel_link(mail.cancel),
        asked: translator.by(&ASKED, mail.requested_by, mail.requested_at),
    };
    Parts {
        subject: RecoverySubject { translator },
        text: RecoveryText { translator, mail },
        html: RecoveryHtml { translator, mail },
    }
    .render(to)
}
