//! What a provider's file is written against: the trait that it implements, and what all providers share.

use std::time::Duration;

use ::http::Request;

use crate::mail::message::Message;
use crate::model::id::EmailId;
use crate::model::timestamp::Timestamp;

mod answer;
pub(super) mod basic;
pub(super) mod reports;
mod sender;
pub(super) mod signed;
mod webhook;

pub(super) use answer::Answer;
pub(crate) use sender::sender;
pub use sender::{MailSettings, ProviderSettings};
pub(super) use webhook::json;
pub use webhook::{Unusable, WebhookReader};

/// How long a provider may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The name under which each provider is given the mail's id, and gives it back in its webhooks.
pub(super) const EMAIL_ID: &str = "keyback_email_id";
/// A header of each mail and its value: no vacation notice comes back (RFC 3834 §5).
pub(super) const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");

/// An HTTP email provider. Each has a file in `providers/` and a line in `registry.rs`.
pub(super) trait EmailProvider {
    /// Its name, in `email_provider`, in reasons and in the path of its webhooks.
    const NAME: &'static str;
    /// Where its API is, if that is the same for all its customers. `spin.toml` grants it.
    const ORIGIN: Option<&'static str>;

    /// Where the API is for the owner of `key`, if that can be known.
    fn default_origin(_key: &str) -> Option<String> {
        Self::ORIGIN.map(str::to_owned)
    }

    /// Whether a request can be made with `key`, which is visible ASCII. Not checked further: a provider may change what
    /// its keys look like.
    fn is_key(_key: &str) -> bool {
        true
    }

    /// The request that sends one mail. `None` if it cannot be written as a request, which no checked setting causes.
    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>>;

    /// Reads the answer to [`request`](Self::request).
    fn read_answer(answer: &Answer<'_>) -> Handover;

    /// A reader of its webhooks, which it authenticates with `secret`. `None` if `secret` cannot be one.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>>;

    /// What the tests know about it.
    #[cfg(test)]
    const EXAMPLE: super::providers::tests::Example;
}

/// A mail and how it is to be sent.
pub(super) struct OutboundMail<'a> {
    pub(super) settings: &'a ProviderSettings,
    pub(super) message: &'a Message,
    /// The idempotency key where the provider has those, so that a mail whose acceptance was not stored is not sent twice.
    pub(super) email_id: &'a EmailId,
    pub(super) now: Timestamp,
}

/// What became of an attempt to hand a mail over. The reasons are our words, fit for logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handover {
    /// The provider has the mail.
    Accepted,
    /// The provider will never take it.
    Refused {
        /// Why.
        reason: String,
    },
    /// The provider will never take it from this sender. Another provider may know the sender.
    SenderRefused {
        /// Why.
        reason: String,
    },
    /// It may take it later, perhaps after the operator has mended something.
    TryLater {
        /// Why.
        reason: String,
        /// The earliest time that the provider asks for, at most a day.
        after: Option<Duration>,
    },
}

/// A POST of `body` with what each request has.
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
