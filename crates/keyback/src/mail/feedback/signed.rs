//! Webhooks signed by the Standard Webhooks specification, and by Svix, which is the same with other headers:
//! <https://docs.svix.com/receiving/verifying-payloads/how-manual>. Each retry is signed anew.

use ::http::HeaderMap;

use super::Unusable;
use crate::model::standard_webhook::WebhookSecret;
use crate::model::timestamp::Timestamp;

/// The headers of a signature.
pub(super) struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

pub(super) const STANDARD: Names = Names {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};

pub(super) const SVIX: Names = Names {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

pub(super) fn check(
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
