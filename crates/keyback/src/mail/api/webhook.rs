//! A provider's webhooks, authenticated and read.

use ::http::HeaderMap;
use serde_json::Value;

use crate::base::timestamp::Timestamp;
use crate::model::email::DeliveryReport;

/// Reads one provider's webhooks. Contains a secret.
pub trait WebhookReader {
    /// What a webhook says.
    ///
    /// # Errors
    /// [`Unusable`]; nothing that is not authentic is looked at further.
    fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Feedback, Unusable>;
}

/// What an authentic webhook says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feedback {
    /// What became of mails. Events about mails that are not Keyback's, and known ones that report nothing final, are left
    /// out.
    pub reports: Vec<DeliveryReport>,
    /// The types of events that nobody here knows, each once: short names, never an address.
    pub unknown: Vec<String>,
    /// Set if the signature does not cover the body.
    pub proof: Option<DetachedProof>,
}

impl Feedback {
    /// Adds what another event of the same webhook says.
    pub(in crate::mail) fn add(&mut self, other: Self) {
        self.reports.extend(other.reports);
        for kind in other.unknown {
            if !self.unknown.contains(&kind) {
                self.unknown.push(kind);
            }
        }
    }
}

/// A signature that would fit any body: whoever has seen one webhook could send others with it. So it stands for the first
/// body that it comes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedProof {
    /// The signature, which nobody can make without the secret.
    pub signature: String,
    /// From when on it is too old to be accepted.
    pub expires_at: Timestamp,
}

/// Why a webhook cannot be used. Does not repeat anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It does not prove to come from the provider, or it is too old.
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
