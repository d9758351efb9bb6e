//! Postmark: <https://postmarkapp.com/developer/api/email-api#send-a-single-email>,
//! errors: <https://postmarkapp.com/developer/api/overview#error-codes>.
//!
//! It has no idempotency keys. A mail goes out on the default transactional message stream.

use ::http::Request;
use serde_json::{Value, json};

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
        "From": settings.mailbox(),
        "To": message.to,
        "Subject": message.subject,
        "TextBody": message.text,
        "HtmlBody": message.html,
        "Headers": [{ "Name": name, "Value": value }],
        "Metadata": { EMAIL_ID: email_id },
        "TrackOpens": false,
        "TrackLinks": "None",
    });
    post(
        settings.origin.join("/email"),
        "application/json",
        &[("x-postmark-server-token", &settings.api_key)],
        body.to_string().into_bytes(),
    )
}

pub(super) fn read(answer: &Answer<'_>) -> Handover {
    let code = answer.member("/ErrorCode").and_then(Value::as_u64);
    let text = code.map(|code| code.to_string());
    let text = text.as_deref();
    match (answer.status(), code) {
        (200..=299, Some(0) | None) => answer.success(),
        (_, Some(300)) => answer.refused(text, "not a valid mail or address"),
        (_, Some(406)) => answer.refused(text, "the recipient is inactive there"),
        (_, Some(402 | 403 | 409 | 411)) => answer.refused(text, "it does not take this mail"),
        // No such sender signature; one that is not confirmed.
        (_, Some(400 | 401)) => answer.sender_refused(text),
        (_, Some(405 | 412 | 413)) => answer.later(text, "the account may not send"),
        (422, _) => answer.later(text, "it does not take mail now"),
        _ => answer.by_status(text),
    }
}
