//! An administrator stops a recovery that is under way.

use crate::flow::events::Caller;
use crate::flow::recovery::turn::Turn;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::lifetimes::ResetTokenLifetime;
use crate::model::recovery::Use;
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// Why nothing was stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopRecoveryError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The store failed. The recovery may have been stopped.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Removes the account's challenge, which invalidates its link, its code and a reset token issued for the code. Does
/// nothing if there is none. Sessions and the password stay as they are.
///
/// # Errors
/// As [`StopRecoveryError`] says. After an outage it may have been done; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    lifetime: ResetTokenLifetime,
    id: &AccountId,
    by: &Caller,
    reason: Option<String>,
) -> Result<(), StopRecoveryError> {
    let store = cx.store();
    let (found, recovery) = futures::join!(accounts::find(store, id), recoveries::find(store, id));
    let account = found?.ok_or(StopRecoveryError::NotFound)?;
    let Some(recovery) = recovery?.filter(|it| it.challenge.is_some()) else {
        return Ok(());
    };
    // A request that issues an email right now must not restore the old challenge. A request that resets the password
    // with it has the account's lease: it finds the challenge gone, or has used it before.
    let taken = Turn::take_and_lease(cx, account, recovery).await?;
    let (turn, held) = taken.ok_or(StopRecoveryError::NotFound)?;
    let (found, state) = futures::join!(
        accounts::find(store, id),
        recoveries::find_use(cx.env, turn.recovery.challenge.as_ref()),
    );
    let account = found?.ok_or(StopRecoveryError::NotFound)?;
    let of_use = turn.recovery.of_use(account.epoch, lifetime, cx.now);
    let was_under_way = of_use.is_some() && state? != Use::Cancelled;
    let stopped = turn.recovery.stopped(turn.claim, turn.attempts_before);
    let mut batch = Batch::default();
    recoveries::replace(&mut batch, id, &stopped)?;
    let forget = recoveries::forget_after(id.clone(), turn.claim.day);
    batch.task_at(forget.at, forget.task);
    if was_under_way {
        batch.event(by.event(cx, EventType::RecoveryStopped, id, reason)?);
    }
    batch.in_turn(turn.until);
    batch.under(held);
    batch.commit(cx).await?;
    Ok(())
}
