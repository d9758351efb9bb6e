//! "This was not me": the second link of a recovery mail ends the recovery.

use crate::flow::accounts;
use crate::flow::afterwards::{Afterwards, OwnEntry};
use crate::flow::caller::note;
use crate::flow::{Refusal, recover, within};
use crate::model::client_address::ClientAddress;
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, ChallengeSerial, EventId};
use crate::model::keyring::Keyring;
use crate::model::recovery::Recovery;
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::ResetLimit;
use crate::store::lease::Lease;
use crate::store::limiter::{self, NamedLimit};
use crate::store::{keys, record};

/// What a cancel adds to a claim. It takes the claim like anyone's 1 would, and leaves readable whether somebody else had
/// taken it before.
const A_CANCEL: i64 = 1 << 32;

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelRecoveryError {
    /// Wrong, expired, replaced or unknown: nobody is told which.
    #[error("not a good token")]
    InvalidToken(Afterwards),
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
    env: &E,
    keyring: &Keyring,
    limit: ResetLimit,
    token: Option<Token>,
    client: ClientAddress,
) -> Result<Afterwards, CancelRecoveryError> {
    let store = env.store();
    let now = env.clock().now();
    let named = NamedLimit {
        name: "cancel-recovery",
        limit: limit.0,
    };
    let token = token.map_or_else(|| Token::generate(env.random()), Ok)?;
    let token_key = keys::token(token.reference());
    let (token_record, counted) = futures::join!(
        record::find::<TokenRecord>(store, &token_key),
        limiter::count(store, keyring, named, client, now),
    );
    let counted = counted?;
    within(counted.exceeded)?;
    let mut afterwards = Afterwards::forget(counted.opened);
    let token_record = token_record?;

    let account_id = token_record
        .as_ref()
        .map_or_else(AccountId::nobodys, |record| record.account_id.clone());
    let recovery_key = keys::recovery(&account_id);
    let (account, recovery) = futures::join!(
        accounts::find_by_id(store, &account_id),
        record::find::<Recovery>(store, &recovery_key),
    );
    let (account, recovery) = (account?, recovery?);
    let admitted = match (&token_record, &account) {
        (Some(record), Some(account)) => record.admits(
            &token,
            &[TokenPurpose::Cancel],
            keyring,
            account.epoch(),
            now,
        ),
        _ => false,
    };
    let serial = token_record.and_then(|record| record.serial);
    let current = recovery.and_then(|recovery| recovery.challenge);
    let superseded = current
        .as_ref()
        .is_some_and(|challenge| Some(&challenge.serial) != serial.as_ref());
    if !admitted || superseded {
        return Err(CancelRecoveryError::InvalidToken(afterwards));
    }
    let Some(challenge) = current else {
        return Ok(afterwards);
    };

    // Taking both claims settles it even with a reset that is past its checks; clearing the record keeps the code and
    // tokens dead.
    store
        .increment(&keys::challenge_claim(&challenge.serial), A_CANCEL)
        .await?;
    let claimed = store
        .increment(&keys::token_claim(&challenge.reset_reference), A_CANCEL)
        .await?;
    if claimed.checked_rem(A_CANCEL) != Some(0) {
        // A reset was first, and is about to be written.
        return Err(CancelRecoveryError::InvalidToken(afterwards));
    }
    let ended = end(env, &account_id, &challenge.serial, client);
    if let Some(entry) = Lease::hold(env, &recover::lease_name(&account_id), ended).await? {
        afterwards.also_work(entry);
    }
    Ok(afterwards)
}

/// Ends the challenge if it is the account's still, under the lease on its recovery.
async fn end<E: Env>(
    env: &E,
    account_id: &AccountId,
    serial: &ChallengeSerial,
    client: ClientAddress,
) -> Result<Option<OwnEntry>, Outage> {
    let store = env.store();
    let key = keys::recovery(account_id);
    let latest: Option<Recovery> = record::find(store, &key).await?;
    let is_ended = |recovery: &Recovery| {
        let challenge = recovery.challenge.as_ref();
        challenge.is_some_and(|challenge| challenge.serial == *serial)
    };
    let Some(mut latest) = latest.filter(is_ended) else {
        return Ok(None);
    };
    latest.challenge = None;
    let event = Event::by_user(
        EventId::generate(env.random())?,
        EventType::RecoveryCancelled,
        account_id.clone(),
        client,
        env.clock().now(),
    );
    let (entry, mut writes) = note(env, vec![event]).await?;
    writes.push((key, record::encode(&latest)?));
    store.set_many(writes).await?;
    Ok(Some(entry))
}
