//! Any other provider: a service of the operator's own takes a signed webhook
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>) and sends the mail.
//!
//! `webhook-id` is the mail's id, the same in each try: the receiver sends one mail for it.

use ::http::Request;
use serde_json::json;

use crate::mail::answer::Answer;
use crate::mail::message::Message;
use crate::mail::provider::{AUTO_SUBMITTED, Handover, post};
use crate::model::id::EmailId;
use crate::model::standard_webhook::WebhookSecret;
use crate::model::timestamp::Timestamp;
use crate::settings::ProviderSettings;

pub(super) fn is_key(key: &str) -> bool {
    WebhookSecret::parse(key).is_ok()
}

pub(super) fn request(
    settings: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
    now: Timestamp,
) -> Option<Request<Vec<u8>>> {
    let (name, value) = AUTO_SUBMITTED;
    let body = json!({
        "type": "email.send",
        "timestamp": now.rfc3339(),
        "data": {
            "id": email_id,
            "to": message.to,
            "from": settings.mailbox(),
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "headers": { name: value },
        },
    })
    .to_string()
    .into_bytes();
    let secret = WebhookSecret::parse(&settings.api_key).ok()?;
    post(
        settings.origin.join("/"),
        "application/json",
        &[
            ("webhook-id", email_id.as_str()),
            ("webhook-timestamp", &now.unix_seconds().to_string()),
            (
                "webhook-signature",
                &secret.sign(email_id.as_str(), now, &body),
            ),
        ],
        body,
    )
}

/// By the specification, any 2xx is acceptance and anything else is not. The one status that refuses a mail for good is
/// 422: a receiver also answers 400, say, when its secret differs, which can be mended.
pub(super) fn read(answer: &Answer<'_>) -> Handover {
    match answer.status() {
        200..=299 => Handover::Accepted,
        400 | 413 => answer.later(None, "the receiver did not understand it"),
        _ => answer.by_status(None),
    }
}
