//! What every provider has: a request to send one mail, and a way to read its answer. Each is one file beside this one.

use std::time::Duration;

use ::http::{Request, Response};

use crate::mail::answer::Answer;
use crate::mail::message::Message;
use crate::mail::{mailgun, postmark, resend, sendgrid, ses, webhook};
use crate::model::id::EmailId;
use crate::model::timestamp::Timestamp;
use crate::ports::NoAnswer;
use crate::settings::{ProviderKind, ProviderSettings};

/// How long a provider may take to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);
/// The name under which each provider is given the mail's id, and gives it back in its webhooks.
pub(super) const EMAIL_ID: &str = "keyback_email_id";
/// A header of each mail and its value: no vacation notice comes back (RFC 3834 §5).
pub(super) const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");

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

/// The request that hands `message` over. `email_id` is the idempotency key where the provider has them, so that a
/// mail whose acceptance was not noted is not sent twice.
///
/// `None` if it cannot be written as a request, which no checked setting causes.
#[must_use]
pub fn request(
    settings: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
    now: Timestamp,
) -> Option<Request<Vec<u8>>> {
    match settings.kind {
        ProviderKind::Resend => resend::request(settings, message, email_id),
        ProviderKind::Postmark => postmark::request(settings, message, email_id),
        ProviderKind::SendGrid => sendgrid::request(settings, message, email_id),
        ProviderKind::Mailgun | ProviderKind::MailgunEu => {
            mailgun::request(settings, message, email_id)
        }
        ProviderKind::Ses => ses::request(settings, message, email_id, now),
        ProviderKind::Webhook => webhook::request(settings, message, email_id, now),
    }
}

/// Reads the provider's answer, which came at `now`.
#[must_use]
pub fn read(
    kind: ProviderKind,
    answer: Result<&Response<Vec<u8>>, NoAnswer>,
    now: Timestamp,
) -> Handover {
    let answer = match answer {
        Ok(response) => Answer::new(kind, response, now),
        // What was acknowledged must not be sent again, whatever became of the rest of the answer.
        Err(NoAnswer::CutShort(200..=299)) => return Handover::Accepted,
        Err(why) => {
            return Handover::TryLater {
                reason: format!("{}: {why}", kind.as_str()),
                after: None,
            };
        }
    };
    match kind {
        ProviderKind::Resend => resend::read(&answer),
        ProviderKind::Postmark => postmark::read(&answer),
        ProviderKind::SendGrid => sendgrid::read(&answer),
        ProviderKind::Mailgun | ProviderKind::MailgunEu => mailgun::read(&answer),
        ProviderKind::Ses => ses::read(&answer),
        ProviderKind::Webhook => webhook::read(&answer),
    }
}

/// Where the API is for whom `key` is for, if that can be known; `spin.toml` grants it, but for that of SES.
#[must_use]
pub fn default_origin(kind: ProviderKind, key: &str) -> Option<String> {
    match kind {
        ProviderKind::Ses => ses::default_origin(key),
        kind => kind.default_origin().map(str::to_owned),
    }
}

/// Whether a request can be made with `key`. What keys look like beyond that is the provider's business, and may
/// change.
#[must_use]
pub fn is_key(kind: ProviderKind, key: &str) -> bool {
    let is_text = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    is_text
        && match kind {
            ProviderKind::Resend | ProviderKind::Postmark | ProviderKind::SendGrid => true,
            ProviderKind::Mailgun | ProviderKind::MailgunEu => mailgun::is_key(key),
            ProviderKind::Ses => ses::is_key(key),
            ProviderKind::Webhook => webhook::is_key(key),
        }
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

#[cfg(test)]
mod tests;
