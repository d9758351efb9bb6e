//! Turning a code into a reset token.

use crate::flow::afterwards::Afterwards;
use crate::flow::recover::RequestRecord;
use crate::flow::{Refusal, accounts, within};
use crate::model::client_address::ClientAddress;
use crate::model::code::Code;
use crate::model::id::{AccountId, ChallengeId, ChallengeSerial};
use crate::model::keyring::Keyring;
use crate::model::recovery::{AttemptCaps, Challenge, Recovery};
use crate::model::timestamp::Timestamp;
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::{ResetTokenLifetime, VerifyLimit};
use crate::store::limiter::{self, NamedLimit};
use crate::store::{keys, record};

/// Why there is no reset token.
#[derive(Debug, thiserror::Error)]
pub enum VerifyOtpError {
    /// Wrong, expired, used, replaced, exhausted or unknown: nobody is told which.
    #[error("not a good code")]
    InvalidOtp(Afterwards),
    /// The code is used up and no token was stored for it: a new request is needed.
    #[error("not stored after the code was used: {0}")]
    StartAgain(Outage),
    /// Limited, or an outage before anything was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Outage> for VerifyOtpError {
    fn from(outage: Outage) -> Self {
        Self::Refused(outage.into())
    }
}

/// What verifying needs to know.
#[derive(Debug)]
pub struct VerifySettings {
    /// The keys.
    pub keyring: Keyring,
    /// How long a reset token lives.
    pub lifetime: ResetTokenLifetime,
    /// How many wrong codes are allowed.
    pub caps: AttemptCaps,
    /// How many calls a client may make.
    pub limit: VerifyLimit,
}

/// Counts the attempt, compares the code, claims the challenge and gives the reset token: at most five round trips,
/// and as many for an unknown challenge as for a wrong code.
///
/// `challenge_id` is `None` if the text given cannot be one.
///
/// # Errors
/// As [`VerifyOtpError`] says.
pub async fn run<E: Env>(
    env: &E,
    settings: &VerifySettings,
    challenge_id: Option<ChallengeId>,
    code: &Code,
    client: ClientAddress,
) -> Result<(Token, Afterwards), VerifyOtpError> {
    let VerifySettings {
        keyring,
        caps,
        limit,
        ..
    } = settings;
    let store = env.store();
    let now = env.clock().now();
    let named = NamedLimit {
        name: "verify-otp",
        limit: limit.0,
    };
    let challenge_id = challenge_id.map_or_else(|| ChallengeId::generate(env.random()), Ok)?;
    let request_key = keys::request(&challenge_id);
    let (request, counted) = futures::join!(
        record::find::<RequestRecord>(store, &request_key),
        limiter::count(store, keyring, named, client, now),
    );
    let counted = counted?;
    within(counted.exceeded)?;
    let mut afterwards = Afterwards::forget(counted.opened);
    let request = request?;

    let account_id = request
        .as_ref()
        .map_or_else(AccountId::nobodys, |request| request.account_id.clone());
    let recovery_key = keys::recovery(&account_id);
    let (account, recovery) = futures::join!(
        accounts::find_by_id(store, &account_id),
        record::find::<Recovery>(store, &recovery_key),
    );
    let (account, recovery) = (account?, recovery?);
    let challenge: Option<Challenge> =
        recovery
            .and_then(|recovery| recovery.challenge)
            .filter(|challenge| {
                request
                    .as_ref()
                    .is_some_and(|request| request.serial == challenge.serial)
            });

    // Counted before it is compared, whatever it is compared with. Whether it was used already is looked up for all, so
    // that a used code takes the same calls as a wrong one.
    let (attempt_counter, claim) = match (&account, &challenge) {
        (Some(_), Some(challenge)) => (
            keys::attempts(&account_id, challenge.attempts_day),
            keys::challenge_claim(&challenge.serial),
        ),
        _ => (
            keys::attempts(&AccountId::nobodys(), 0),
            keys::challenge_claim(&ChallengeSerial::generate(env.random())?),
        ),
    };
    let claim_key = claim.clone().into();
    let (attempts, claimed) = futures::join!(
        store.increment(&attempt_counter, 1),
        store.exists(&claim_key),
    );
    let (attempts, claimed) = (attempts?, claimed?);

    let (Some(account), Some(challenge)) = (account, challenge) else {
        afterwards.delete(attempt_counter.into());
        return Err(VerifyOtpError::InvalidOtp(afterwards));
    };
    let conditions = [
        !account.account.disabled,
        !claimed,
        challenge.admits_code(code, keyring, attempts, *caps, account.epoch(), now),
    ];
    let admitted = conditions.into_iter().all(|holds| holds);
    if !admitted || store.increment(&claim, 1).await? != 1 {
        return Err(VerifyOtpError::InvalidOtp(afterwards));
    }
    afterwards.give_back(attempt_counter);

    let token = give_token(env, settings, account_id, challenge, now)
        .await
        .map_err(VerifyOtpError::StartAgain)?;
    Ok((token, afterwards))
}

/// Stores the reset token for a code that is used up.
async fn give_token<E: Env>(
    env: &E,
    settings: &VerifySettings,
    account_id: AccountId,
    challenge: Challenge,
    now: Timestamp,
) -> Result<Token, Outage> {
    let token = Token::generate_for(challenge.reset_reference, env.random())?;
    let token_record = TokenRecord {
        purpose: TokenPurpose::Reset,
        account_id,
        epoch: challenge.epoch,
        serial: Some(challenge.serial),
        digest: token.digest(&settings.keyring, TokenPurpose::Reset),
        expires_at: now.plus(settings.lifetime.0),
        replaces: None,
    };
    let write = (
        keys::token(token.reference()),
        record::encode(&token_record)?,
    );
    env.store().set_many(vec![write]).await?;
    Ok(token)
}
