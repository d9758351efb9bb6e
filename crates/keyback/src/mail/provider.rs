//! What every provider has: a request to send one mail, and a way to read its answer.

use std::time::Duration;

use crate::mail::message::Message;
use crate::mail::resend;
use crate::model::id::EmailId;
use crate::model::timestamp::Timestamp;
use crate::ports::NoAnswer;
use crate::settings::{ProviderKind, ProviderSettings};

/// How long a provider may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);

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
    /// It may take it later.
    TryLater {
        /// Why.
        reason: String,
        /// The earliest time that the provider asks for.
        after: Option<Duration>,
    },
}

/// The request that hands `message` over. `email_id` is the idempotency key where the provider has them, so that a
/// mail whose acceptance was not noted is not sent twice.
///
/// `None` if it cannot be written as a request, which no checked setting causes.
#[must_use]
pub fn request(
    settings: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
    _now: Timestamp,
) -> Option<::http::Request<Vec<u8>>> {
    match settings.kind {
        ProviderKind::Resend => resend::request(settings, message, email_id),
    }
}

/// Reads the provider's answer.
#[must_use]
pub fn read(kind: ProviderKind, answer: Result<&::http::Response<Vec<u8>>, NoAnswer>) -> Handover {
    match (kind, answer) {
        (_, Err(why)) => Handover::TryLater {
            reason: why.to_string(),
            after: None,
        },
        (ProviderKind::Resend, Ok(response)) => resend::read(response),
    }
}

/// Seconds in a `Retry-After` header; its other form, a date, is left to our own backoff.
pub(super) fn retry_after(response: &::http::Response<Vec<u8>>) -> Option<Duration> {
    let text = response.headers().get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
