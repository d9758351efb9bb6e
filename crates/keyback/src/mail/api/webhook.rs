//! A provider's webhooks, authenticated and read.

use ::http::HeaderMap;
use serde_json::Value;

use crate::base::timestamp::Timestamp;
use crate::model::email::DeliveryReport;

/// Reads one provider's webhooks. Contains a secret.
pub trait WebhookReader {
    /// Reads a webhook.
    ///
    /// # Errors
    /// [`Unusable`]; a webhook that is not authentic is not read any further.
    fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Feedback, Unusable>;
}

/// The content of an authentic webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Final states of emails. Events about other emails than Keyback's, and known events that report nothing final,
    /// are left out.
    pub reports: Vec<DeliveryReport>,
    /// The unknown types of events, each once: short names, never an address.
    pub unknown: Vec<String>,
    /// Set if the signature does not cover the body.
    pub proof: Option<DetachedProof>,
}

impl Feedback {
    /// Adds another event of the same webhook.
    pub(in crate::mail) fn add(&mut self, other: Self) {
        self.reports.extend(other.reports);
        for kind in other.unknown {
            if !self.unknown.contains(&kind) {
                self.unknown.push(kind);
            }
        }
    }
}

/// A signature that would fit any body, so that anybody who has seen one webhook could forge others. So it is valid
/// only for the first body that it comes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedProof {
    /// The signature, which nobody can make without the secret.
    pub signature: String,
    /// From then on it is too old to be accepted.
    pub expires_at: Timestamp,
}

/// Why a webhook cannot be used. Quotes nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No proof that it comes from the provider, or too old.
    #[error("not authentic")]
    NotAuthentic,
    /// Authentic, but not in the documented form.
    #[error("unreadable")]
    Unreadable,
}

/// The body, if it is an object or an array.
pub(in crate::mail) fn json(body: &[u8]) -> Result<Value, Unusable> {
    serde_json::from_slice(body)
        .ok()
        .filter(|value: &Value| value.is_object() || value.is_array())
        .ok_or(Unusable::Unreadable)
}
