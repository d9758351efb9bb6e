//! Whether an account has a recovery under way.

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::id::AccountId;
use crate::model::lifetimes::ResetTokenLifetime;
use crate::model::recovery::{Challenge, Use};
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries, tokens};

/// The public part of an account's live challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveChallenge {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the later of its link and its code expires; once the code was used, when the reset token for it does.
    pub expires_at: Timestamp,
}

/// The account's challenge, if its link, its code or a reset token for its code could still be used. The outer `None`: there
/// is no such account.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn run<E: Env>(
    cx: &Cx<'_, E>,
    lifetime: ResetTokenLifetime,
    id: &AccountId,
) -> Result<Option<Option<LiveChallenge>>, Unavailable> {
    let store = cx.store();
    let (found, recovery) = futures::join!(accounts::find(store, id), recoveries::find(store, id));
    let (found, recovery) = (found?, recovery?.unwrap_or_default());
    let Some(account) = found else {
        return Ok(None);
    };
    let challenge = recovery.of_use(account.epoch, lifetime, cx.now);
    let Some(challenge) = challenge.filter(|_| !account.disabled) else {
        return Ok(Some(None));
    };
    let expires_at = find_end(cx, &account, challenge).await?;
    let live = expires_at.filter(|at| cx.now < *at);
    Ok(Some(live.map(|expires_at| LiveChallenge {
        issued_at: challenge.issued_at,
        expires_at,
    })))
}

/// When the last secret expires that can still be used; `None` if none can.
async fn find_end<E: Env>(
    cx: &Cx<'_, E>,
    account: &Account,
    challenge: &Challenge,
) -> Result<Option<Timestamp>, Unavailable> {
    let store = cx.store();
    match recoveries::find_use(cx.env, Some(challenge)).await? {
        Use::Unused => Ok(Some(challenge.expires_at())),
        Use::Cancelled => Ok(None),
        // By the code, or by the link in a call that did not set the password.
        Use::Used => {
            let reference = &challenge.reset_reference;
            let claim = tokens::claim_of(reference);
            let (found, claimed) =
                futures::join!(tokens::find(store, reference), claim.is_taken(store));
            let claimed = claimed?;
            let token = found?.filter(|token| token.epoch == account.epoch && !claimed);
            Ok(token.map(|token| token.expires_at))
        }
    }
}
