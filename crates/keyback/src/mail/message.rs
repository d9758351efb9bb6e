//! The mails, from their templates: a subject, a text and an HTML part each.

use askama::Template;
use serde::{Deserialize, Serialize};

use crate::model::timestamp::Timestamp;
use crate::ports::Outage;

mod notices;
mod recovery;
mod temporary_password;

pub use notices::{prepare_email_changed, prepare_password_changed};
pub use recovery::{RecoveryMail, prepare_recovery};
pub use temporary_password::prepare_temporary_password;

/// A mail ready to be sent, but for its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The stored address of the account.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// The three templates of a mail.
struct Parts<S, T, H> {
    subject: S,
    text: T,
    html: H,
}

impl<S: Template, T: Template, H: Template> Parts<S, T, H> {
    fn render(&self, to: &str) -> Result<Message, Outage> {
        Ok(Message {
            to: to.to_owned(),
            subject: render(&self.subject)?,
            text: render(&self.text)?,
            html: render(&self.html)?,
        })
    }
}

fn render(template: &impl Template) -> Result<String, Outage> {
    template
        .render()
        .map(|text| text.trim().to_owned())
        .map_err(|_| Outage::Record("a template failed"))
}

/// `2026-11-23 09:00 UTC`
fn readable(time: Timestamp) -> String {
    let text = time.rfc3339();
    let minutes = text.get(..16).unwrap_or_default().replace('T', " ");
    format!("{minutes} UTC")
}
