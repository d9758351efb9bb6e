//! Turning a code into a reset token.

use crate::flow::afterwards::Afterwards;
use crate::flow::recover::RequestRecord;
use crate::flow::{Refusal, accounts, within};
use crate::model::client_address::ClientAddress;
use crate::model::code::Code;
use crate::model::id::{AccountId, ChallengeId};
use crate::model::keyring::Keyring;
use crate::model::recovery::{AttemptCaps, Challenge, Recovery};
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
    /// Limited, or an outage.
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
        lifetime,
        caps,
        limit,
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

    // Counted before it is compared, whatever it is compared with.
    let day = challenge.as_ref().map_or_else(
        || crate::model::recovery::attempts_day(now),
        |challenge| challenge.attempts_day,
    );
    let counted_account = match (&account, &challenge) {
        (Some(_), Some(_)) => account_id.clone(),
        _ => AccountId::nobodys(),
    };
    let attempt_counter = keys::attempts(&counted_account, day);
    let attempts = store.increment(&attempt_counter, 1).await?;

    let (Some(account), Some(challenge)) = (account, challenge) else {
        afterwards.delete(attempt_counter.into());
        return Err(VerifyOtpError::InvalidOtp(afterwards));
    };
    let admitted = !account.account.disabled
        & challenge.admits_code(code, keyring, attempts, *caps, account.epoch(), now);
    if !admitted
        || store
            .increment(&keys::challenge_claim(&challenge.serial), 1)
            .await?
            != 1
    {
        return Err(VerifyOtpError::InvalidOtp(afterwards));
    }
    afterwards.give_back(attempt_counter);

    let token = Token::generate_for(challenge.reset_reference.clone(), env.random())?;
    let token_record = TokenRecord {
        purpose: TokenPurpose::Reset,
        account_id,
        epoch: challenge.epoch,
        serial: Some(challenge.serial),
        digest: token.digest(keyring, TokenPurpose::Reset),
        expires_at: now.plus(lifetime.0),
    };
    let key = keys::token(token.reference());
    store
        .set_many(vec![(key, record::encode(&token_record)?)])
        .await?;
    Ok((token, afterwards))
}
