//! `/v1/admin/emails…`, one file per call.

pub mod list;
pub mod retry;
pub mod show;

use serde_json::{Value, json};

use crate::base::timestamp::Timestamp;
use crate::model::email::EmailState;
use crate::store::outbox::EmailWithFeedback;

/// An email in the contract's form, without recipient and content.
fn shape(found: &EmailWithFeedback) -> Value {
    let EmailWithFeedback {
        id,
        email,
        feedback,
    } = found;
    let said = feedback
        .as_ref()
        .and_then(|feedback| feedback.reason.as_deref());
    // Mails that were sent before errors were forgotten still have one.
    let last_error = match found.state() {
        EmailState::Sent | EmailState::Delivered => None,
        _ => said.or(email.last_error.as_deref()),
    };
    let updated_at = feedback
        .as_ref()
        .map_or(email.updated_at, |feedback| feedback.at);
    json!({
        "id": id.as_str(),
        "user_id": email.account_id.as_str(),
        "kind": email.kind.as_str(),
        "state": found.state().as_str(),
        "attempts": email.attempts,
        "created_at": email.created_at.rfc3339(),
        "updated_at": updated_at.rfc3339(),
        "next_attempt_at": email.next_attempt_at.map(Timestamp::rfc3339),
        "last_error": last_error,
        "provider": email.provider,
    })
}
