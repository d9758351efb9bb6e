//! The emails, from their templates: a subject, a text and an HTML part each, in the reader's language.

use std::fmt;

use askama::Template;
use serde::{Deserialize, Serialize};

use crate::ports::Unavailable;

mod account_deleted;
mod branding;
mod data;
mod dates;
mod email_changed;
mod invitation;
mod overrides;
mod password_changed;
mod plurals;
mod recovery;
mod temporary_password;
#[cfg(test)]
mod tests;
mod text;
mod texts;
mod translator;

pub use account_deleted::prepare_account_deleted;
pub use branding::MailBranding;
pub use data::MailData;
pub use email_changed::prepare_email_changed;
pub use invitation::{InvitationMail, prepare_invitation};
pub use overrides::Overrides;
pub use password_changed::prepare_password_changed;
pub use recovery::{RecoveryMail, prepare_recovery};
pub use temporary_password::{TemporaryPasswordMail, prepare_temporary_password};
pub use translator::Translator;

/// A complete email except for its sender.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The stored address of the account.
    pub to: String,
    /// Without line breaks, so it is safe in a header.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part, with the same content as the text.
    pub html: String,
    /// The same as data; `None` in emails that earlier versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<MailData>,
}

/// Without the address and the secrets.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({:?})", self.subject)
    }
}

/// The cause of the change or request that an email is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requester {
    /// Someone who presumably is the user.
    User,
    /// An administrator, whom the email does not name.
    Administrator,
}

/// The three templates of an email.
struct Parts<S, T, H> {
    subject: S,
    text: T,
    html: H,
}

impl<S: Template, T: Template, H: Template> Parts<S, T, H> {
    fn render(&self, to: &str, data: MailData) -> Result<Message, Unavailable> {
        Ok(Message {
            to: to.to_owned(),
            subject: render(&self.subject)?,
            text: render(&self.text)?,
            html: render(&self.html)?,
            data: Some(data),
        })
    }
}

fn render(template: &impl Template) -> Result<String, Unavailable> {
    template
        .render()
        .map(|text| text.trim().to_owned())
        .map_err(|_| Unavailable::Record("a template failed"))
}
