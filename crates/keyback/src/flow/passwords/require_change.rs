//! An administrator requires a change of a password at the next sign-in, or lifts the requirement.

use crate::flow::events::Caller;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Env, Unavailable};
use crate::store::accounts;
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;

/// Why the requirement was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RequireChangeError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// It has no password that could be changed.
    #[error("no password")]
    NoCredential,
    /// The store failed. The requirement may have been changed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Sets or lifts the requirement. Requiring a change starts a new credential epoch; repeating an order changes nothing.
/// The password does not expire sooner: it is the user's own, not a temporary one.
///
/// # Errors
/// As [`RequireChangeError`] says. After an outage it may have been set; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    id: &AccountId,
    required: bool,
    by: &Caller,
    reason: Option<String>,
) -> Result<(), RequireChangeError> {
    let held = accounts::lease(cx, id).await?;
    let found = accounts::find(cx.store(), id).await?;
    let mut account = found.ok_or(RequireChangeError::NotFound)?;
    let credential = account.credential.as_mut();
    let credential = credential.ok_or(RequireChangeError::NoCredential)?;
    if credential.must_change == required {
        return Ok(());
    }
    credential.must_change = required;
    let (kind, epoch) = if required {
        (EventType::PasswordChangeRequired, Epoch::Raise)
    } else {
        (EventType::PasswordChangeLifted, Epoch::Keep)
    };
    let mut batch = Batch::default();
    batch.event(by.event(cx, kind, id, reason)?);
    batch.account(account, epoch);
    batch.under(held);
    batch.commit(cx).await?;
    Ok(())
}
