//! Who gets an id when several requests create an account under it.

use std::time::Duration;

use crate::model::id::AccountId;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::{accounts, event_log};

/// A request that drew the first number of an id writes the account within this time. Its lease ends sooner.
const WRITTEN_WITHIN: Duration = Duration::from_secs(11);
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// How it is decided which request creates an account under an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::flow::accounts) enum IdClaim {
    /// No conflict: the id is random, so no other request has it.
    None,
    /// The request that draws the first number of its events wins.
    ByFirstNumber,
    /// The holder of the lease on the account wins: the id had events before.
    ByLease(AccountId),
}

impl IdClaim {
    /// Looks an id up. Call it before taking any lease: waiting for a request that is about to write the account may
    /// take longer than a lease lasts. `None` if an account has the id.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(in crate::flow::accounts) async fn find<E: Env>(
        env: &E,
        id: Option<&AccountId>,
    ) -> Result<Option<Self>, Unavailable> {
        let Some(id) = id else {
            return Ok(Some(Self::None));
        };
        if accounts::is_unused(env.store(), id).await? {
            return Ok(Some(Self::ByFirstNumber));
        }
        let stays_free = stays_free(env, id).await?;
        Ok(stays_free.then(|| Self::ByLease(id.clone())))
    }

    /// The lease to take for the claim.
    pub(in crate::flow::accounts) fn lease_name(&self) -> Option<String> {
        match self {
            Self::None | Self::ByFirstNumber => None,
            Self::ByLease(id) => Some(accounts::lease_name(id)),
        }
    }
}

/// Whether there is no account with this id.
pub(super) async fn is_free(store: &impl KeyValue, id: &AccountId) -> Result<bool, Unavailable> {
    Ok(accounts::find(store, id).await?.is_none())
}

/// Whether an id that had events stays free. Either it belonged to a deleted account, or a request that drew its first
/// number is about to write the account: waits for that.
async fn stays_free<E: Env>(env: &E, id: &AccountId) -> Result<bool, Unavailable> {
    if !is_free(env.store(), id).await? {
        return Ok(false);
    }
    let began = env.clock().now();
    loop {
        // In this order, since an account is written with its event.
        let settled = event_log::has_latest(env.store(), id).await?;
        if !is_free(env.store(), id).await? {
            return Ok(false);
        }
        if settled || env.clock().now() >= began.plus(WRITTEN_WITHIN) {
            return Ok(true);
        }
        env.clock().sleep(BETWEEN_LOOKS).await;
    }
}
