//! The mail with a password that an administrator set.

use askama::Template;

use crate::mail::message::{Message, Parts, Translator, texts};
use crate::model::password::Password;
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;

#[derive(Template)]
#[template(path = "mail/temporary_password.subject.txt")]
struct TemporaryPasswordSubject<'a> {
    translator: &'a Translator<'a>,
}

#[derive(Template)]
#[template(path = "mail/temporary_password.txt")]
struct TemporaryPasswordText<'a> {
    translator: &'a Translator<'a>,
    mail: &'a TemporaryPasswordFacts<'a>,
}

#[derive(Template)]
#[template(path = "mail/temporary_password.html")]
struct TemporaryPasswordHtml<'a> {
    translator: &'a Translator<'a>,
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
    translator: &Translator<'_>,
    password: &Password,
    must_change: bool,
    expires_at: Option<Timestamp>,
) -> Result<Message, Outage> {
    let mail = &TemporaryPasswordFacts {
        password: password.reveal(),
        must_change,
        expires: expires_at.map(|time| translator.with_time(texts::TEMPORARY_EXPIRES, time)),
    };
    Parts {
        subject: TemporaryPasswordSubject { translator },
        text: TemporaryPasswordText { translator, mail },
        html: TemporaryPasswordHtml { translator, mail },
    }
    .render(to)
}
