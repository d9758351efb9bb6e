//! The mail with a password that an administrator set.

use askama::Template;

use crate::mail::message::{Message, Parts, Words, texts};
use crate::model::password::Password;
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;

#[derive(Template)]
#[template(path = "mail/temporary_password.subject.txt")]
struct TemporaryPasswordSubject<'a> {
    words: &'a Words<'a>,
}

#[derive(Template)]
#[template(path = "mail/temporary_password.txt")]
struct TemporaryPasswordText<'a> {
    words: &'a Words<'a>,
    mail: &'a TemporaryPasswordFacts<'a>,
}

#[derive(Template)]
#[template(path = "mail/temporary_password.html")]
struct TemporaryPasswordHtml<'a> {
    words: &'a Words<'a>,
    mail: &'a TemporaryPasswordFacts<'a>,
}

struct TemporaryPasswordFacts<'a> {
    password: &'a str,
    must_change: bool,
    expires: Option<String>,
}

/// The mail with the password.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_temporary_password(
    to: &str,
    words: &Words<'_>,
    password: &Password,
    must_change: bool,
    expires_at: Option<Timestamp>,
) -> Result<Message, Outage> {
    let mail = &TemporaryPasswordFacts {
        password: password.reveal(),
        must_change,
        expires: expires_at.map(|time| words.with_time(texts::TEMPORARY_EXPIRES, time)),
    };
    Parts {
        subject: TemporaryPasswordSubject { words },
        text: TemporaryPasswordText { words, mail },
        html: TemporaryPasswordHtml { words, mail },
    }
    .render(to)
}
