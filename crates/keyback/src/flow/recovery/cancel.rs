//! "This was not me": the second link of a recovery mail ends the recovery.

use crate::flow::events::by_user;
use crate::flow::{Refusal, within};
use crate::model::client_address::ClientAddress;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::recovery::{Challenge, Recovery};
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, Outage};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};
use crate::store::{accounts, recoveries, tokens};

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelRecoveryError {
    /// The token is wrong, expired, replaced or unknown: nobody is told which.
    #[error("not a good token")]
    InvalidToken,
    /// Limited, or an outage.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Outage> for CancelRecoveryError {
    fn from(outage: Outage) -> Self {
        Self::Refused(outage.into())
    }
}

/// Ends the challenge that `token` belongs to, with its code, its link and a reset token already given for it. Doing
/// it again does nothing more.
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
    let found = find_recovery(cx, keyring, &token, stored).await?;
    let (account_id, recovery) = found.ok_or(CancelRecoveryError::InvalidToken)?;
    // Of two who cancel at the same time, one finds it done.
    let held = accounts::lease(cx, &account_id).await?;
    let Some(mut stored) = tokens::find(store, token.reference()).await? else {
        return Err(CancelRecoveryError::InvalidToken);
    };
    let challenge = recovery.challenge;
    let challenge = challenge.filter(|it| Some(&it.serial) == stored.serial.as_ref());
    let challenge = challenge.ok_or(CancelRecoveryError::InvalidToken)?;
    if std::mem::replace(&mut stored.cancelled, true) {
        return Ok(());
    }
    held.check(cx.env.clock().now())?;

    claim_all(cx, &token, &challenge).await?;
    let mut batch = Batch::default();
    batch.event(by_user(
        cx,
        EventType::RecoveryCancelled,
        &account_id,
        client,
    )?);
    tokens::insert(&mut batch, &token, &stored)?;
    batch.commit(cx).await?;
    Ok(())
}

/// The account and the recovery that `token` belongs to, if it is a good one; `None` after the same calls to the store.
async fn find_recovery<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    token: &Token,
    stored: Option<TokenRecord>,
) -> Result<Option<(AccountId, Recovery)>, Outage> {
    let store = cx.store();
    let account_id = stored
        .as_ref()
        .map_or_else(AccountId::placeholder, |record| record.account_id.clone());
    let (account, recovery) = futures::join!(
        accounts::find(store, &account_id),
        recoveries::find(store, &account_id),
    );
    let (account, recovery) = (account?, recovery?);
    let accepted = match (&stored, &account) {
        (Some(record), Some(account)) => {
            let purposes = [TokenPurpose::Cancel];
            record.accepts(token, &purposes, keyring, account.epoch, cx.now)
        }
        _ => false,
    };
    Ok(accepted.then(|| (account_id, recovery.unwrap_or_default())))
}

/// Makes the link, the code and a reset token for it useless.
async fn claim_all<E: Env>(
    cx: &Cx<'_, E>,
    token: &Token,
    challenge: &Challenge,
) -> Result<(), CancelRecoveryError> {
    let store = cx.store();
    // First, so that a request within the cooldown brings no mail: who asked for this one may be the one who asks again.
    tokens::claim_of(token.reference()).cancel(store).await?;
    // Whoever had claimed the link is about to set a password, or has. Whoever had claimed the code has a reset token, and
    // it is that one's claim that decides.
    let mail = recoveries::claim_of(&challenge.serial)
        .cancel(store)
        .await?;
    let reset_token = tokens::claim_of(&challenge.reset_reference)
        .cancel(store)
        .await?;
    if mail.by_token || reset_token.by_token {
        return Err(CancelRecoveryError::InvalidToken);
    }
    Ok(())
}
