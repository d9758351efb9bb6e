//! SendGrid: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>,
//! errors: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors>,
//! senders: <https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sender-identity>,
//! limits: <https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits>.
//!
//! It has no idempotency keys.

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
    let off = json!({ "enable": false });
    let body = json!({
        "personalizations": [{ "to": [{ "email": message.to }] }],
        "from": from(settings),
        "subject": message.subject,
        // Plain text must come first.
        "content": [
            { "type": "text/plain", "value": message.text },
            { "type": "text/html", "value": message.html },
        ],
        "headers": { name: value },
        "custom_args": { EMAIL_ID: email_id },
        "tracking_settings": {
            "click_tracking": { "enable": false, "enable_text": false },
            "open_tracking": off,
            "subscription_tracking": off,
            "ganalytics": off,
        },
    });
    post(
        settings.origin.join("/v3/mail/send"),
        "application/json",
        &[("authorization", &format!("Bearer {}", settings.api_key))],
        body.to_string().into_bytes(),
    )
}

fn from(settings: &ProviderSettings) -> Value {
    match settings.sender() {
        (Some(name), email) => json!({ "email": email, "name": name }),
        (None, email) => json!({ "email": email }),
    }
}

pub(super) fn read(answer: &Answer<'_>) -> Handover {
    let field = answer.text("/errors/0/field");
    match answer.status() {
        200..=299 => answer.success(),
        400 | 403 if field.is_some_and(|field| field.starts_with("from")) => {
            answer.sender_refused(field)
        }
        _ => answer.by_status(field),
    }
}
