//! Turning a code into a reset token.

use std::time::Duration;

use crate::flow::{Refusal, within};
use crate::model::account::Account;
use crate::model::client_address::ClientAddress;
use crate::model::code::Code;
use crate::model::id::{AccountId, ChallengeId, ChallengeSerial};
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::recovery::{AttemptCaps, Challenge};
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Env, Outage};
use crate::store::batch::Batch;
use crate::store::claim::{Claimant, Claimed};
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};
use crate::store::recoveries::{self, RequestRecord};
use crate::store::{accounts, tokens};

/// Why there is no reset token.
#[derive(Debug, thiserror::Error)]
pub enum VerifyOtpError {
    /// The code is wrong, expired, used, replaced, exhausted or unknown: nobody is told which.
    #[error("not a good code")]
    InvalidOtp,
    /// The code may be used up, and no token was stored for it: a new request is needed.
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
    pub lifetime: Duration,
    /// How many wrong codes are allowed.
    pub caps: AttemptCaps,
    /// How many calls a client may make.
    pub limit: Limit,
}

/// Counts the attempt, compares the code, claims the challenge and gives the reset token: at most five round trips,
/// and as many for an unknown challenge as for a wrong code.
///
/// `challenge_id` is `None` if the text given cannot be one.
///
/// # Errors
/// As [`VerifyOtpError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &VerifySettings,
    challenge_id: Option<ChallengeId>,
    code: &Code,
    client: ClientAddress,
) -> Result<Token, VerifyOtpError> {
    let VerifySettings { keyring, caps, .. } = settings;
    let store = cx.store();
    let named = NamedLimit {
        name: "verify-otp",
        limit: settings.limit,
    };
    let challenge_id = challenge_id.map_or_else(|| ChallengeId::generate(cx.env.random()), Ok)?;
    let (request, counted) = futures::join!(
        recoveries::find_request(store, &challenge_id),
        limiter::count(cx, keyring, named, client),
    );
    within(counted?.exceeded)?;
    let tied = find_tied(cx, request?).await?;

    // Counted before it is compared, whatever it is compared with. Whether it was used already is looked up for all, so
    // that a used code takes the same calls as a wrong one.
    let (counted_for, day, serial) = if let Some((account, challenge)) = &tied {
        let serial = challenge.serial.clone();
        (account.id.clone(), challenge.attempts_day, serial)
    } else {
        let unknown = ChallengeSerial::generate(cx.env.random())?;
        (AccountId::placeholder(), 0, unknown)
    };
    let claim = recoveries::claim_of(&serial);
    let (attempt, claimed) = futures::join!(
        recoveries::count_attempt(store, &counted_for, day),
        claim.is_taken(store),
    );
    let (attempt, claimed) = (attempt?, claimed?);
    let Some((account, challenge)) = tied else {
        return Err(VerifyOtpError::InvalidOtp);
    };
    let conditions = [
        !account.disabled,
        !claimed,
        challenge.accepts_code(code, keyring, attempt.number, *caps, account.epoch, cx.now),
    ];
    if !conditions.into_iter().all(|holds| holds) {
        return Err(VerifyOtpError::InvalidOtp);
    }
    match claim.take(cx.env, Claimant::Code).await {
        Claimed::Won => cx.deferred.give_back.push(attempt.counter),
        Claimed::Lost => return Err(VerifyOtpError::InvalidOtp),
        Claimed::Unknown(outage) => return Err(VerifyOtpError::StartAgain(outage)),
    }
    give_token(cx, settings, account.id, challenge)
        .await
        .map_err(VerifyOtpError::StartAgain)
}

/// The account and the challenge that a request is tied to, if the challenge is the account's latest.
async fn find_tied<E: Env>(
    cx: &Cx<'_, E>,
    request: Option<RequestRecord>,
) -> Result<Option<(Account, Challenge)>, Outage> {
    let store = cx.store();
    let account_id = request
        .as_ref()
        .map_or_else(AccountId::placeholder, |request| request.account_id.clone());
    let (account, recovery) = futures::join!(
        accounts::find(store, &account_id),
        recoveries::find(store, &account_id),
    );
    let challenge = recovery?.and_then(|recovery| recovery.challenge);
    let challenge = challenge.filter(|challenge| {
        let request = request.as_ref();
        request.is_some_and(|request| request.serial == challenge.serial)
    });
    Ok(account?.zip(challenge))
}

/// Stores the reset token for a code that is used up.
async fn give_token<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &VerifySettings,
    account_id: AccountId,
    challenge: Challenge,
) -> Result<Token, Outage> {
    let token = Token::generate_for(challenge.reset_reference, cx.env.random())?;
    let stored = TokenRecord {
        purpose: TokenPurpose::Reset,
        account_id,
        epoch: challenge.epoch,
        serial: Some(challenge.serial),
        digest: token.digest(&settings.keyring, TokenPurpose::Reset),
        expires_at: cx.now.plus(settings.lifetime),
        replaces: None,
        cancelled: false,
    };
    // It goes with the challenge.
    let mut batch = Batch::default();
    tokens::insert(&mut batch, &token, &stored)?;
    batch.write_unnumbered(cx).await?;
    Ok(token)
}
