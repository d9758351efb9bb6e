//! Webhooks signed according to the Standard Webhooks specification, or to Svix's scheme, the same with other headers:
//! <https://docs.svix.com/receiving/verifying-payloads/how-manual>. Each retry has a new signature.

use ::http::HeaderMap;
use serde_json::Value;

use crate::base::timestamp::Timestamp;
use crate::mail::api::{Feedback, Unusable, WebhookReader, json};
use crate::model::standard_webhook::WebhookSecret;

/// The headers of a signature.
pub(in crate::mail) struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

pub(in crate::mail) static STANDARD: Names = Names {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};

pub(in crate::mail) static SVIX: Names = Names {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

fn check(
    secret: &WebhookSecret,
    names: &Names,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Unusable> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(signatures)) = (
        header(names.id),
        header(names.timestamp),
        header(names.signature),
    ) else {
        return Err(Unusable::NotAuthentic);
    };
    secret
        .verify(id, timestamp, signatures, body, now)
        .then_some(())
        .ok_or(Unusable::NotAuthentic)
}

/// Reads webhooks that are signed with one secret.
pub(in crate::mail) struct SignedWebhooks {
    secret: WebhookSecret,
    names: &'static Names,
    read_event: fn(&Value) -> Feedback,
}

impl SignedWebhooks {
    /// `None` if `secret` is not `whsec_` and a key in base64.
    pub(in crate::mail) fn reader(
        secret: &str,
        names: &'static Names,
        read_event: fn(&Value) -> Feedback,
    ) -> Option<Box<dyn WebhookReader>> {
        let secret = WebhookSecret::parse(secret).ok()?;
        Some(Box::new(Self {
            secret,
            names,
            read_event,
        }))
    }
}

impl WebhookReader for SignedWebhooks {
    fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Feedback, Unusable> {
        check(&self.secret, self.names, headers, body, now)?;
        Ok((self.read_event)(&json(body)?))
    }
}

#[cfg(test)]
pub(in crate::mail) mod tests {
    use super::*;
    use crate::mail::providers::tests::{AT, NOW, Post};

    pub(in crate::mail) const SECRET: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";

    pub(in crate::mail) fn sign(post: &mut Post, names: &Names) {
        let secret = WebhookSecret::parse(SECRET).unwrap();
        let signature = secret.sign("m1", AT, &post.body);
        post.header(names.id, "m1");
        post.header(names.timestamp, &NOW.to_string());
        post.header(names.signature, &signature);
    }
}
