//! The mail with a password that an administrator set.

use askama::Template;

use crate::mail::message::{Message, Parts, readable};
use crate::model::password::Password;
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;
use crate::settings::Site;

#[derive(Template)]
#[template(path = "mail/temporary_password.subject.txt")]
struct TemporaryPasswordSubject<'a>(&'a TemporaryPasswordFacts<'a>);

#[derive(Template)]
#[template(path = "mail/temporary_password.txt")]
struct TemporaryPasswordText<'a>(&'a TemporaryPasswordFacts<'a>);

#[derive(Template)]
#[template(path = "mail/temporary_password.html")]
struct TemporaryPasswordHtml<'a>(&'a TemporaryPasswordFacts<'a>);

struct TemporaryPasswordFacts<'a> {
    app_name: &'a str,
    password: &'a str,
    must_change: bool,
    expires_at: Option<String>,
    support_url: Option<&'a str>,
}

/// The mail with the password.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_temporary_password(
    to: &str,
    site: &Site,
    password: &Password,
    must_change: bool,
    expires_at: Option<Timestamp>,
) -> Result<Message, Outage> {
    let facts = TemporaryPasswordFacts {
        app_name: &site.app_name,
        password: password.reveal(),
        must_change,
        expires_at: expires_at.map(readable),
        support_url: site.support_url.as_deref(),
    };
    Parts {
        subject: TemporaryPasswordSubject(&facts),
        text: TemporaryPasswordText(&facts),
        html: TemporaryPasswordHtml(&facts),
    }
    .render(to)
}
