//! An administrator ends all sessions of an account.

use crate::flow::events::Caller;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Env, Unavailable};
use crate::store::accounts;
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum SignOutError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The store failed. The epoch may have been raised.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Starts a new credential epoch, and leaves the password as it is. Links, codes and tokens of the old epoch die with
/// its sessions, so a reset that is under way fails.
///
/// # Errors
/// As [`SignOutError`] says. After an outage it may have been done; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    id: &AccountId,
    by: &Caller,
    reason: Option<String>,
) -> Result<(), SignOutError> {
    let held = accounts::lease(cx, id).await?;
    let found = accounts::find(cx.store(), id).await?;
    let account = found.ok_or(SignOutError::NotFound)?;
    let mut batch = Batch::default();
    batch.event(by.event(cx, EventType::SessionsRevoked, id, reason)?);
    batch.account(account, Epoch::Raise);
    batch.under(held);
    batch.commit(cx).await?;
    Ok(())
}
