//! The mail to an account's old address after the account got another one.

use askama::Template;

use crate::mail::message::{Message, Parts, Translator, texts};
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;

#[derive(Template)]
#[template(path = "mail/email_changed.subject.txt")]
struct EmailChangedSubject<'a> {
    translator: &'a Translator<'a>,
}

#[derive(Template)]
#[template(path = "mail/email_changed.txt")]
struct EmailChangedText<'a> {
    translator: &'a Translator<'a>,
    changed: &'a str,
}

#[derive(Template)]
#[template(path = "mail/email_changed.html")]
struct EmailChangedHtml<'a> {
    translator: &'a Translator<'a>,
    changed: &'a str,
}

/// The mail to the old address. It does not name the new one.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_email_changed(
    to: &str,
    translator: &Translator<'_>,
    changed_at: Timestamp,
) -> Result<Message, Outage> {
    let changed = &translator.with_time(texts::EMAIL_INTRO, changed_at);
    Parts {
        subject: EmailChangedSubject { translator },
        text: EmailChangedText {
            translator,
            changed,
        },
        html: EmailChangedHtml {
            translator,
            changed,
        },
    }
    .render(to)
}
