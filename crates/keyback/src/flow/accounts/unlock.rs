//! Lifting what locks an account's owner out: refused sign-ins after wrong passwords, the pause between emails, and the
//! day's limit of attempts at codes.

use crate::flow::events::Caller;
use crate::flow::recovery::turn::Turn;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Env, Unavailable};
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// Why nothing was lifted.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The store failed. The locks may have been lifted.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Resets the counts of wrong passwords, of recovery emails and of the day's attempts at codes. Passwords, links and
/// sessions stay as they are, and so does a code whose own attempts are used up: the next email has a new one.
///
/// # Errors
/// As [`UnlockError`] says. After an outage it may have been done; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    id: &AccountId,
    by: &Caller,
    reason: Option<String>,
) -> Result<(), UnlockError> {
    let store = cx.store();
    let (found, recovery) = futures::join!(accounts::find(store, id), recoveries::find(store, id));
    let account = found?.ok_or(UnlockError::NotFound)?;
    let mut batch = Batch::default();
    // A request that issues an email right now must not restore the old count.
    let taken = match recovery? {
        Some(recovery) => Turn::take_and_lease(cx, account, recovery).await?,
        None => None,
    };
    let (turn, held) = match taken {
        Some((turn, held)) => (Some(turn), held),
        None => (None, accounts::lease(cx, id).await?),
    };
    let found = accounts::find(store, id).await?;
    let mut account = found.ok_or(UnlockError::NotFound)?;
    account.unlocked_at = Some(cx.now);
    batch.account(account, Epoch::Keep);
    batch.event(by.event(cx, EventType::AccountUnlocked, id, reason)?);
    if let Some(turn) = &turn {
        let recovery = turn.recovery.clone();
        let recovery = recovery.unlocked(turn.claim, turn.attempts_before);
        recoveries::replace(&mut batch, id, &recovery)?;
        let forget = recoveries::forget_after(id.clone(), turn.claim.day);
        batch.task_at(forget.at, forget.task);
        batch.in_turn(turn.until);
    }
    batch.under(held);
    batch.commit(cx).await?;
    Ok(())
}
