//! Whether an account has a recovery under way.

use crate::base::timestamp::Timestamp;
use crate::model::id::AccountId;
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// The public part of an account's live challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveChallenge {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the later of its link and its code expires.
    pub expires_at: Timestamp,
}

/// The account's challenge, if its link or its code could still be used. The outer `None`: there is no such account.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn run<E: Env>(
    cx: &Cx<'_, E>,
    id: &AccountId,
) -> Result<Option<Option<LiveChallenge>>, Unavailable> {
    let store = cx.store();
    let (found, recovery) = futures::join!(accounts::find(store, id), recoveries::find(store, id));
    let (found, recovery) = (found?, recovery?.unwrap_or_default());
    let Some(account) = found else {
        return Ok(None);
    };
    let Some(challenge) = recovery.live(account.epoch, cx.now) else {
        return Ok(Some(None));
    };
    let used = recoveries::is_used(store, &challenge.serial).await?;
    let live = LiveChallenge {
        issued_at: challenge.issued_at,
        expires_at: challenge.expires_at(),
    };
    Ok(Some((!used && !account.disabled).then_some(live)))
}
