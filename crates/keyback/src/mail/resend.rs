//! Resend: <https://resend.com/docs/api-reference/emails/send-email>,
//! errors: <https://resend.com/docs/api-reference/errors>,
//! idempotency keys, kept for 24 hours: <https://resend.com/docs/dashboard/emails/idempotency-keys>.
//!
//! Tracking has no switch here: it is a setting of the sending domain, and off unless it was switched on.

use ::http::Request;
use serde_json::json;

use crate::mail::answer::Answer;
use crate::mail::message::Message;
use crate::mail::provider::{AUTO_SUBMITTED, EMAIL_ID, Handover, post};
use crate::model::id::EmailId;
use crate::settings::ProviderSettings;

pub(super) fn request(
    settings: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
) -> Option<Request<Vec<u8>>> {
    let (name, value) = AUTO_SUBMITTED;
    let body = json!({
        "from": settings.mailbox(),
        "to": [message.to],
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "headers": { name: value },
        "tags": [{ "name": EMAIL_ID, "value": email_id }],
    });
    post(
        settings.origin.join("/emails"),
        "application/json",
        &[
            ("authorization", &format!("Bearer {}", settings.api_key)),
            ("idempotency-key", email_id.as_str()),
        ],
        body.to_string().into_bytes(),
    )
}

pub(super) fn read(answer: &Answer<'_>) -> Handover {
    let name = answer.text("/name");
    match (answer.status(), name) {
        (200..=299, _) => answer.success(),
        // 403 with this name: the sender's domain is not verified, or it is Resend's own, which only writes to the
        // account's owner.
        (403, Some("validation_error")) | (_, Some("invalid_from_address")) => {
            answer.sender_refused(name)
        }
        (409, _) => answer.later(name, "another request with its key"),
        _ => answer.by_status(name),
    }
}
