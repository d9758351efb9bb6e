//! A provider's webhooks, authenticated and read.

use ::http::HeaderMap;
use serde_json::Value;

use crate::model::email::DeliveryReport;
use crate::model::timestamp::Timestamp;

/// Reads one provider's webhooks. Contains a secret.
pub trait WebhookReader {
    /// The reports in a webhook. Events of other kinds, or about mails that are not Keyback's, are ignored.
    ///
    /// # Errors
    /// [`Unusable`]; nothing that is not authentic is looked at further.
    fn read(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<DeliveryReport>, Unusable>;
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
