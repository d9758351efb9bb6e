//! The interface of a provider's file: the trait that it implements, and what all providers share.

use std::time::Duration;

use ::http::Request;
use serde_json::Value;

use crate::base::timestamp::Timestamp;
use crate::mail::message::Message;
use crate::model::email::EmailKind;
use crate::model::id::{AccountId, EmailId};

mod answer;
pub(super) mod basic;
pub(super) mod reports;
mod sender;
pub(super) mod signed;
mod webhook;

pub(super) use answer::Answer;
pub use sender::{MailSettings, Mailbox, ProviderSettings};
pub(super) use webhook::json;
pub use webhook::{DetachedProof, Feedback, Unusable, WebhookReader};

/// Timeout of one call to a provider.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The name of the email's id in each request's metadata. Providers repeat it in their webhooks.
pub(super) const EMAIL_ID: &str = "keyback_email_id";
/// A header of each email, with its value, which prevents vacation notices (RFC 3834 §5).
pub(super) const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");

/// An HTTP email provider. Each has a file in `providers/` and a line in `registry.rs`.
pub(super) trait EmailProvider {
    /// Its name, in `email_provider`, in reasons and in the path of its webhooks.
    const NAME: &'static str;
    /// The origin of its API, if all its customers share one. `spin.toml` grants it.
    const ORIGIN: Option<&'static str>;

    /// The API's origin for the owner of `key`, if it can be derived.
    fn default_origin(_key: &str) -> Option<String> {
        Self::ORIGIN.map(str::to_owned)
    }

    /// Whether `key`, which is visible ASCII, is complete enough for a request. The format is not checked: a provider
    /// may change it.
    fn is_key(_key: &str) -> bool {
        true
    }

    /// The request that sends one email. `None` if it cannot be written as a request, which no checked setting causes.
    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>>;

    /// Reads the answer to [`request`](Self::request).
    fn read_answer(answer: &Answer<'_>) -> Handover;

    /// A reader of its webhooks, which it authenticates with `secret`. `None` if `secret` cannot be one.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>>;

    /// A sample request, answers and webhooks, for the tests of all providers.
    #[cfg(test)]
    const EXAMPLE: super::providers::tests::Example;
}

/// An email of the outbox, decrypted.
#[derive(Debug, Clone, Copy)]
pub struct OpenedMail<'a> {
    /// The idempotency key, where the API supports one: an email whose acceptance was not stored is not sent twice.
    pub email_id: &'a EmailId,
    /// Which of the emails it is.
    pub kind: EmailKind,
    /// The account of the recipient, which receivers of `webhook` get too.
    pub account_id: &'a AccountId,
    /// The subject, the parts and the data.
    pub message: &'a Message,
}

/// An email and how it is to be sent.
pub(super) struct OutboundMail<'a> {
    pub(super) settings: &'a ProviderSettings,
    pub(super) mail: OpenedMail<'a>,
    pub(super) now: Timestamp,
}

/// The result of an attempt to send an email. A `reason` is for the operator: our own words and the status, never the
/// provider's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handover {
    /// The provider has the email.
    Accepted,
    /// Permanently rejected, because of the email or its recipient.
    Refused {
        /// Shown as the email's `last_error`.
        reason: String,
    },
    /// Permanently rejected, because of the sender. Another provider may accept the sender.
    SenderRefused {
        /// Shown as the email's `last_error`.
        reason: String,
    },
    /// To be retried, perhaps after the operator has fixed something.
    TryLater {
        /// Shown as the email's `last_error` until the next attempt.
        reason: String,
        /// The wait that the provider asks for, at most a day.
        after: Option<Duration>,
    },
    /// The provider accepts no mail at all for now: it is called too often, or it is down and says for how long. This
    /// does not count as an attempt.
    Throttled {
        /// Shown as the email's `last_error` until the next attempt.
        reason: String,
        /// The wait that the provider asks for, at most a day.
        after: Option<Duration>,
    },
}

/// Adds a member to the object `body`.
pub(super) fn set(body: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = body.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

/// A POST of `body`, with the headers of every request.
pub(super) fn post(
    url: String,
    content_type: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Option<Request<Vec<u8>>> {
    let mut request = Request::post(url)
        .header("accept", "application/json")
        .header("content-type", content_type)
        .header("content-length", body.len())
        // Resend answers 403 to a request without one.
        .header("user-agent", concat!("keyback/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).ok()
}
