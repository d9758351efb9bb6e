//! The mail to an account's old address after the account got another one.

use askama::Template;

use crate::mail::message::{Message, Parts, Words, texts};
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;

#[derive(Template)]
#[template(path = "mail/email_changed.subject.txt")]
struct EmailChangedSubject<'a> {
    words: &'a Words<'a>,
}

#[derive(Template)]
#[template(path = "mail/email_changed.txt")]
struct EmailChangedText<'a> {
    words: &'a Words<'a>,
    changed: &'a str,
}

#[derive(Template)]
#[template(path = "mail/email_changed.html")]
struct EmailChangedHtml<'a> {
    words: &'a Words<'a>,
    changed: &'a str,
}

/// The mail to the old address. It does not name the new one.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_email_changed(
    to: &str,
    words: &Words<'_>,
    changed_at: Timestamp,
) -> Result<Message, Outage> {
    let changed = &words.with_time(texts::EMAIL_INTRO, changed_at);
    Parts {
        subject: EmailChangedSubject { words },
        text: EmailChangedText { words, changed },
        html: EmailChangedHtml { words, changed },
    }
    .render(to)
}
