//! The portal as a receiver of webhooks.

use ::http::Request;
use serde_json::json;

use crate::base::timestamp::Timestamp;
use crate::model::event::Event;
use crate::model::standard_webhook::WebhookSecret;

/// The portal's webhook, if there is one.
#[derive(Debug, Clone)]
pub struct WebhookSettings(
    /// `None`: events are recorded and not sent.
    pub Option<Webhook>,
);

/// A receiver of webhooks.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// `webhook_url`: `https`, or `http` on a loopback address.
    pub url: String,
    /// `webhook_secret`, which signs each event.
    pub secret: WebhookSecret,
}

/// The request for one event, as in the Standard Webhooks specification. `epoch` is the account's current one; `None`
/// after its deletion.
pub(crate) fn request(
    webhook: &Webhook,
    event: &Event,
    sequence: i64,
    epoch: Option<u64>,
    now: Timestamp,
) -> Option<Request<Vec<u8>>> {
    let mut data = event.members(sequence);
    data.insert("credential_epoch".to_owned(), json!(epoch));
    let body = json!({
        "type": event.kind.as_str(),
        "timestamp": event.at.rfc3339(),
        "data": data,
    });
    let body = body.to_string().into_bytes();
    let id = event.id.as_str();
    Request::post(&webhook.url)
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .header("user-agent", concat!("keyback/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", id)
        .header("webhook-timestamp", now.unix_seconds())
        .header("webhook-signature", webhook.secret.sign(id, now, &body))
        .body(body)
        .ok()
}
