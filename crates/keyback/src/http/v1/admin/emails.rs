//! `/v1/admin/emails…`, one file per call.

pub mod list;
pub mod retry;
pub mod show;

use serde::Serialize;

use crate::http::time::Time;
use crate::model::email::{EmailKind, EmailState};
use crate::store::outbox::EmailWithFeedback;

/// An email, without recipient and content.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Email"))]
pub(in crate::http) struct EmailShown {
    id: String,
    /// The recipient's account.
    user_id: String,
    kind: EmailKind,
    state: EmailState,
    /// Attempts to send it so far.
    attempts: u32,
    created_at: Time,
    updated_at: Time,
    /// When the next attempt is due.
    next_attempt_at: Option<Time>,
    /// Why the last attempt failed, or what the provider reported.
    last_error: Option<String>,
    /// The provider that accepted it, or the last one that was tried.
    provider: Option<String>,
}

/// An email in the contract's form, without recipient and content.
fn shape(found: &EmailWithFeedback) -> EmailShown {
    let EmailWithFeedback {
        id,
        email,
        feedback,
    } = found;
    let said = feedback
        .as_ref()
        .and_then(|feedback| feedback.reason.as_deref());
    // Emails that were sent before errors were cleared still have one.
    let last_error = match found.state() {
        EmailState::Sent | EmailState::Delivered => None,
        _ => said.or(email.last_error.as_deref()),
    };
    let updated_at = feedback
        .as_ref()
        .map_or(email.updated_at, |feedback| feedback.at);
    EmailShown {
        id: id.as_str().to_owned(),
        user_id: email.account_id.as_str().to_owned(),
        kind: email.kind,
        state: found.state(),
        attempts: email.attempts,
        created_at: email.created_at.into(),
        updated_at: updated_at.into(),
        next_attempt_at: email.next_attempt_at.map(Time::from),
        last_error: last_error.map(str::to_owned),
        provider: email.provider.clone(),
    }
}
