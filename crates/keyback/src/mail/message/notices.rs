//! The mails that tell of a change, with no secret in them.

use askama::Template;

use crate::mail::message::{Message, Parts, readable};
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;
use crate::settings::Site;

#[derive(Template)]
#[template(path = "mail/password_changed.subject.txt")]
struct PasswordChangedSubject<'a>(&'a PasswordChangedFacts<'a>);

#[derive(Template)]
#[template(path = "mail/password_changed.txt")]
struct PasswordChangedText<'a>(&'a PasswordChangedFacts<'a>);

#[derive(Template)]
#[template(path = "mail/password_changed.html")]
struct PasswordChangedHtml<'a>(&'a PasswordChangedFacts<'a>);

struct PasswordChangedFacts<'a> {
    app_name: &'a str,
    changed_at: String,
    changed_by: &'a str,
    forgot_link: String,
    support_url: Option<&'a str>,
}

/// The mail after a password was changed; `changed_by` is `from 203.0.*.*` or `by an administrator`.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_password_changed(
    to: &str,
    site: &Site,
    changed_by: &str,
    changed_at: Timestamp,
) -> Result<Message, Outage> {
    let facts = PasswordChangedFacts {
        app_name: &site.app_name,
        changed_at: readable(changed_at),
        changed_by,
        forgot_link: site.base_url.join("/forgot-password"),
        support_url: site.support_url.as_deref(),
    };
    Parts {
        subject: PasswordChangedSubject(&facts),
        text: PasswordChangedText(&facts),
        html: PasswordChangedHtml(&facts),
    }
    .render(to)
}

#[derive(Template)]
#[template(path = "mail/email_changed.subject.txt")]
struct EmailChangedSubject<'a>(&'a EmailChangedFacts<'a>);

#[derive(Template)]
#[template(path = "mail/email_changed.txt")]
struct EmailChangedText<'a>(&'a EmailChangedFacts<'a>);

#[derive(Template)]
#[template(path = "mail/email_changed.html")]
struct EmailChangedHtml<'a>(&'a EmailChangedFacts<'a>);

struct EmailChangedFacts<'a> {
    app_name: &'a str,
    changed_at: String,
    support_url: Option<&'a str>,
}

/// The mail to an account's old address after the account got another one. It does not name the new one.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_email_changed(
    to: &str,
    site: &Site,
    changed_at: Timestamp,
) -> Result<Message, Outage> {
    let facts = EmailChangedFacts {
        app_name: &site.app_name,
        changed_at: readable(changed_at),
        support_url: site.support_url.as_deref(),
    };
    Parts {
        subject: EmailChangedSubject(&facts),
        text: EmailChangedText(&facts),
        html: EmailChangedHtml(&facts),
    }
    .render(to)
}
