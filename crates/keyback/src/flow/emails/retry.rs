//! Sending a failed email again.

use crate::flow::emails::secrets;
use crate::flow::events::Caller;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailState};
use crate::model::event::{AboutEmail, EventType};
use crate::model::id::EmailId;
use crate::model::measured::Measured;
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::lease::Lease;
use crate::store::outbox::{self, EmailWithFeedback};

/// Why an email is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum RetryEmailError {
    /// There is no such email.
    #[error("no such email")]
    NotFound,
    /// It did not fail, its content has expired, or what it is about no longer works.
    #[error("nothing to try")]
    NothingToTry,
    /// The store failed. The email may be queued.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Puts a failed email on the agenda again, for another ten tries, the first one at once. It keeps its idempotency key
/// with the provider.
///
/// # Errors
/// As [`RetryEmailError`] says. After an outage it may be on the agenda.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    id: &EmailId,
    by: &Caller,
    reason: Option<String>,
) -> Result<EmailWithFeedback, RetryEmailError> {
    // If two callers retry at the same time, only one finds it failed.
    let held = Lease::wait(cx, &outbox::lease_name(id)).await?;
    let found = outbox::find(cx.store(), id).await?;
    let mut found = found.ok_or(RetryEmailError::NotFound)?;
    let email = &mut found.email;
    let can_be_sent = email.message.is_some() && !email.should_discard(cx.now);
    if email.state != EmailState::Failed || !can_be_sent {
        return Err(RetryEmailError::NothingToTry);
    }
    if let Some(secret) = &email.secret {
        let owner = secrets::find_owner(cx.store(), email, secret, cx.now).await?;
        if owner.is_none() {
            return Err(RetryEmailError::NothingToTry);
        }
    }
    *email = Email {
        state: EmailState::Pending,
        attempts_before: email.attempts,
        updated_at: cx.now,
        next_attempt_at: Some(cx.now),
        ..email.clone()
    };
    let mut batch = Batch::default();
    outbox::replace(&mut batch, id, email)?;
    batch.task(AgendaTask::Deliver {
        email_id: id.clone(),
        attempt: email.attempts.saturating_add(1),
    });
    let event = by.event(cx, EventType::EmailRetried, &email.account_id, reason)?;
    batch.event(event.about(AboutEmail {
        id: id.clone(),
        kind: email.kind,
    }));
    batch.under(held);
    batch.commit(cx).await?;
    cx.env.meter().note(&Measured::Email {
        state: EmailState::Pending,
        provider: found.email.provider.as_deref(),
    });
    Ok(found)
}
