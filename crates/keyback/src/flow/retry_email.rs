//! Having a failed email tried anew.

use crate::flow::afterwards::{Afterwards, OwnEntry};
use crate::flow::outbox::lease_name;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailState};
use crate::model::id::EmailId;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::agenda;
use crate::store::keys::Lane;
use crate::store::lease::Lease;
use crate::store::outbox::{self, EmailWithFeedback};

/// Why an email is not tried anew.
#[derive(Debug, thiserror::Error)]
pub enum RetryEmailError {
    /// There is no such email.
    #[error("no such email")]
    NotFound,
    /// It did not fail, or what it holds has expired.
    #[error("nothing to try")]
    NothingToTry,
    /// Something outside failed.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Puts a failed email on the agenda again, for another ten tries of which the first comes at once. The provider knows it
/// by the same idempotency key as before.
///
/// # Errors
/// As [`RetryEmailError`] says; then nothing was changed.
pub async fn run<E: Env>(
    env: &E,
    id: &EmailId,
) -> Result<(EmailWithFeedback, Afterwards), RetryEmailError> {
    // Of two callers, one finds it failed.
    Lease::hold(env, &lease_name(id), retry(env, id)).await
}

async fn retry<E: Env>(
    env: &E,
    id: &EmailId,
) -> Result<(EmailWithFeedback, Afterwards), RetryEmailError> {
    let store = env.store();
    let mut found = outbox::find(store, id)
        .await?
        .ok_or(RetryEmailError::NotFound)?;
    let now = env.clock().now();
    let email = &mut found.email;
    let can_be_sent = email.message.is_some() && !email.should_discard(now);
    if email.state != EmailState::Failed || !can_be_sent {
        return Err(RetryEmailError::NothingToTry);
    }
    *email = Email {
        state: EmailState::Pending,
        attempts_before: email.attempts,
        updated_at: now,
        next_attempt_at: Some(now),
        ..email.clone()
    };
    let task = AgendaTask::Deliver {
        email_id: id.clone(),
        attempt: email.attempts.saturating_add(1),
        events: Vec::new(),
    };
    let place = agenda::take_slot(store, Lane::Tasks, now).await?;
    let entry = OwnEntry::new(place, task, now);
    let mut writes = agenda::place_at(place, entry.until(), entry.task().clone())?.writes;
    writes.push(outbox::write(id, email)?);
    store.set_many(writes).await?;
    Ok((found, Afterwards::work(entry)))
}
