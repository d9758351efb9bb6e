//! The email to an account's old address after it was changed.

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::{MailData, Message, Parts, Requester, Translator, texts};
use crate::ports::Unavailable;

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

/// The email to the old address. It does not name the new one.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_email_changed(
    to: &str,
    translator: &Translator<'_>,
    changed_at: Timestamp,
) -> Result<Message, Unavailable> {
    let values = [("email", to), ("time", &*translator.time(changed_at))];
    let changed = &translator.with(texts::EMAIL_INTRO, &values);
    let data = MailData {
        changed_at: Some(changed_at.rfc3339()),
        ..MailData::new(translator, Requester::Administrator)
    };
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
    .render(to, data)
}
