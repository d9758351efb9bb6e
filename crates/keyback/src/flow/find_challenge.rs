//! Whether a recovery of an account is under way.

use crate::flow::accounts;
use crate::model::id::AccountId;
use crate::model::recovery::Recovery;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::{keys, record};

/// An account's live challenge, as far as it may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveChallenge {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the last of its link and its code expires.
    pub expires_at: Timestamp,
}

/// The account's challenge, if its link or its code could still be used; `None` if there is no such account.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn run<E: Env>(env: &E, id: &AccountId) -> Result<Option<Option<LiveChallenge>>, Outage> {
    let store = env.store();
    let recovery_key = keys::recovery(id);
    let (found, recovery) = futures::join!(
        accounts::find_by_id(store, id),
        record::find::<Recovery>(store, &recovery_key),
    );
    let (found, recovery) = (found?, recovery?.unwrap_or_default());
    let Some(found) = found else {
        return Ok(None);
    };
    let now = env.clock().now();
    let Some(challenge) = recovery.live(found.epoch(), now) else {
        return Ok(Some(None));
    };
    let used = store
        .exists(&keys::challenge_claim(&challenge.serial).into())
        .await?;
    let live = LiveChallenge {
        issued_at: challenge.issued_at,
        expires_at: challenge.expires_at(),
    };
    Ok(Some((!used && !found.account.disabled).then_some(live)))
}
