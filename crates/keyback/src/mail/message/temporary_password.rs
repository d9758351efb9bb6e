//! The email with a password that an administrator set.

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::{MailData, Message, Parts, Requester, Translator, texts};
use crate::model::password::Password;
use crate::model::web_address::WebAddress;
use crate::ports::Unavailable;

/// The content of an email with a password.
#[derive(Debug)]
pub struct TemporaryPasswordMail<'a> {
    /// Shown in the email, never in the subject or preview.
    pub password: &'a Password,
    /// Whether it must be changed at the next sign-in.
    pub must_change: bool,
    /// When it stops working; `None` if it does not.
    pub expires_at: Option<Timestamp>,
    /// Where the user signs in with it.
    pub sign_in_url: Option<&'a WebAddress>,
}

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
    intro: String,
    password: &'a str,
    sign_in_url: Option<String>,
    must_change: bool,
    expires: Option<String>,
}

/// The email with the password.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_temporary_password(
    to: &str,
    mail: &TemporaryPasswordMail<'_>,
    translator: &Translator<'_>,
) -> Result<Message, Unavailable> {
    let sign_in_url = mail.sign_in_url.map(ToString::to_string);
    let data = MailData {
        password: Some(mail.password.reveal().to_owned()),
        password_expires_at: mail.expires_at.map(Timestamp::rfc3339),
        must_change: Some(mail.must_change),
        sign_in_url: sign_in_url.clone(),
        ..MailData::new(translator, Requester::Administrator)
    };
    let expires = |time| translator.with_time(texts::TEMPORARY_EXPIRES, time);
    let mail = &TemporaryPasswordFacts {
        intro: translator.with(texts::TEMPORARY_INTRO, &[("email", to)]),
        password: mail.password.reveal(),
        sign_in_url,
        must_change: mail.must_change,
        expires: mail.expires_at.map(expires),
    };
    Parts {
        subject: TemporaryPasswordSubject { translator },
        text: TemporaryPasswordText { translator, mail },
        html: TemporaryPasswordHtml { translator, mail },
    }
    .render(to, data)
}
