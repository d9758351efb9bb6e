//! Signed webhooks, sent and received, following the Standard Webhooks specification:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
//!
//! A webhook carries `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature`.

use std::fmt;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::base::timestamp::Timestamp;

/// Prefix of a symmetric secret.
const SECRET_PREFIX: &str = "whsec_";
/// The bytes that a secret may have, according to the specification.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Prefix of a symmetric signature.
const SIGNATURE_PREFIX: &str = "v1,";
/// Maximum age of a webhook, and maximum lead of its sender's clock. The specification gives no number; its reference
/// libraries use this one.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// The secret that the sender and the receiver of webhooks share.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

/// Why a text is not a secret. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be whsec_ and base64 of 24 to 64 bytes")]
pub struct InvalidWebhookSecret;

impl WebhookSecret {
    /// Parses `whsec_` and base64, padded, of 24 to 64 bytes.
    ///
    /// # Errors
    /// [`InvalidWebhookSecret`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhookSecret> {
        text.strip_prefix(SECRET_PREFIX)
            .and_then(|base64| Base64::decode_vec(base64).ok())
            .filter(|bytes| SECRET_BYTES.contains(&bytes.len()))
            .map(Self)
            .ok_or(InvalidWebhookSecret)
    }

    /// The value of `webhook-signature` for a webhook sent at `at`. A retry has the same `id` and a new signature.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        self.signature(id, at.unix_seconds(), body)
    }

    /// Whether one of `signatures`, the header's space-separated value, was made with this secret for this id,
    /// timestamp and body, at most five minutes before or after `now`.
    #[must_use]
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> bool {
        let Ok(seconds) = timestamp.parse::<u64>() else {
            return false;
        };
        if !is_recent(seconds, now) {
            return false;
        }
        let right = self.signature(id, seconds, body);
        signatures
            .split(' ')
            .any(|given| right.as_bytes().ct_eq(given.as_bytes()).into())
    }

    fn signature(&self, id: &str, seconds: u64, body: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // HMAC accepts keys of any length.
            return String::new();
        };
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(seconds.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        let mac = Base64::encode_string(&mac.finalize().into_bytes());
        format!("{SIGNATURE_PREFIX}{mac}")
    }
}

/// Whether `seconds` after 1970 is at most [`TOLERANCE`] before or after `now`.
#[must_use]
pub fn is_recent(seconds: u64, now: Timestamp) -> bool {
    now.unix_seconds().abs_diff(seconds) <= TOLERANCE.as_secs()
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret")
    }
}

#[cfg(test)]
mod tests;
