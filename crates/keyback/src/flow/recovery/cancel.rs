//! "This was not me": the second link of a recovery email ends the recovery.

use crate::flow::events::by_user;
use crate::flow::{Refusal, within};
use crate::model::client_address::ClientAddress;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::recovery::Challenge;
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::lease::Lease;
use crate::store::limiter::{self, NamedLimit};
use crate::store::{accounts, recoveries, tokens};

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelRecoveryError {
    /// The token is wrong, expired, replaced or unknown: the answer does not say which.
    #[error("not a good token")]
    InvalidToken,
    /// Limited, or an outage.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Unavailable> for CancelRecoveryError {
    fn from(outage: Unavailable) -> Self {
        Self::Refused(outage.into())
    }
}

/// Ends the challenge that `token` belongs to, with its code, its link and a reset token already issued for the code.
/// Idempotent. Takes at most six round trips, and two to refuse.
///
/// # Errors
/// As [`CancelRecoveryError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    limit: Limit,
    token: Option<Token>,
    client: ClientAddress,
) -> Result<(), CancelRecoveryError> {
    let store = cx.store();
    let named = NamedLimit {
        name: "cancel-recovery",
        limit,
    };
    let token = token.map_or_else(|| Token::generate(cx.env.random()), Ok)?;
    let (stored, counted) = futures::join!(
        tokens::find(store, token.reference()),
        limiter::count(cx, keyring, named, client),
    );
    within(counted?.exceeded)?;
    let stored = stored?;
    let account_id = stored.as_ref().map(|record| record.account_id.clone());
    let account_id = account_id.unwrap_or_else(AccountId::placeholder);
    let live = find_live(cx, keyring, &token, &account_id, async || Ok(stored)).await?;
    let live = live.ok_or(CancelRecoveryError::InvalidToken)?;
    if live.stored.cancelled {
        return Ok(());
    }

    // If two requests cancel at the same time, one of them finds it done.
    let name = accounts::lease_name(&account_id);
    let (held, again) = Lease::wait_and_read(cx, &name, async |cx| {
        let find_token = async || tokens::find(store, token.reference()).await;
        find_live(cx, keyring, &token, &account_id, find_token).await
    })
    .await?;
    let again = again.ok_or(CancelRecoveryError::InvalidToken)?;
    if again.stored.cancelled {
        return Ok(());
    }
    // Checked before the claims, so that nothing is lost if the lease has ended.
    held.check(cx.env.clock().now())?;
    let mut batch = Batch::default();
    let kind = EventType::RecoveryCancelled;
    batch.event(by_user(cx, kind, &account_id, client)?);
    let cancelled = TokenRecord {
        cancelled: true,
        ..again.stored
    };
    tokens::insert(&mut batch, &token, &cancelled)?;
    batch.under(held);
    let (claimed, numbered) =
        futures::join!(claim_all(cx, &token, &again.challenge), batch.number(cx));
    claimed?;
    numbered?.commit(cx).await?;
    Ok(())
}

/// A valid token, used or not, and the challenge that it cancels.
struct LiveToken {
    stored: TokenRecord,
    challenge: Challenge,
}

/// Reads the token by `find_token`, with its account and recovery, in one round trip. `None` if it is not valid, after
/// the same calls to the store.
async fn find_live<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    token: &Token,
    account_id: &AccountId,
    find_token: impl AsyncFnOnce() -> Result<Option<TokenRecord>, Unavailable>,
) -> Result<Option<LiveToken>, Unavailable> {
    let store = cx.store();
    let (stored, account, recovery) = futures::join!(
        find_token(),
        accounts::find(store, account_id),
        recoveries::find(store, account_id),
    );
    let (stored, account, recovery) = (stored?, account?, recovery?);
    let (Some(stored), Some(account)) = (stored, account) else {
        return Ok(None);
    };
    let purposes = [TokenPurpose::Cancel];
    let is_good = stored.accepts(token, &purposes, keyring, account.epoch, cx.now);
    let challenge = recovery.and_then(|recovery| recovery.challenge);
    // A newer challenge has invalidated the token.
    let challenge = challenge.filter(|it| Some(&it.serial) == stored.serial.as_ref());
    Ok(challenge
        .filter(|_| is_good)
        .map(|challenge| LiveToken { stored, challenge }))
}

/// Invalidates the link, the code and a reset token issued for the code, in one round trip.
async fn claim_all<E: Env>(
    cx: &Cx<'_, E>,
    token: &Token,
    challenge: &Challenge,
) -> Result<(), CancelRecoveryError> {
    let store = cx.store();
    let claims = [
        // Claimed first, so that a new request within the cooldown sends no email: the stranger who made the
        // cancelled one may make it.
        tokens::claim_of(token.reference()),
        // If the link is claimed already, its holder is setting a password, or has set one. If the code is claimed, its
        // holder has a reset token, and the claim of that one decides.
        recoveries::claim_of(&challenge.serial),
        tokens::claim_of(&challenge.reset_reference),
    ];
    let [own, mail, reset_token] = &claims;
    let (own, mail, reset_token) = futures::join!(
        own.cancel(store),
        mail.cancel(store),
        reset_token.cancel(store),
    );
    own?;
    if mail?.by_token || reset_token?.by_token {
        return Err(CancelRecoveryError::InvalidToken);
    }
    Ok(())
}
