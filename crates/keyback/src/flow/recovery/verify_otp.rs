//! Turning a code into a reset token.

use std::time::Duration;

use futures::future::try_join_all;

use crate::base::timestamp::Timestamp;
use crate::flow::{Refusal, within};
use crate::model::account::Account;
use crate::model::client_address::ClientAddress;
use crate::model::code::Code;
use crate::model::email_address::EmailAddress;
use crate::model::id::{AccountId, ChallengeId, ChallengeSerial};
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::measured::Measured;
use crate::model::recovery::{AttemptCaps, Challenge};
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::accounts::{self, Candidates};
use crate::store::batch::Batch;
use crate::store::claim::{Claimant, Claimed};
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};
use crate::store::recoveries;
use crate::store::tokens;

/// Why there is no reset token.
#[derive(Debug, thiserror::Error)]
pub enum VerifyOtpError {
    /// The code is wrong, expired, used, replaced, exhausted or unknown: the answer does not say which.
    #[error("not a good code")]
    InvalidOtp,
    /// The code may be used up, and no token was stored for it: a new request is needed.
    #[error("not stored after the code was used: {0}")]
    StartAgain(Unavailable),
    /// Limited, or an outage before anything was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Unavailable> for VerifyOtpError {
    fn from(outage: Unavailable) -> Self {
        Self::Refused(outage.into())
    }
}

/// What a guess at a code is checked by, and how long the token for a right one lives.
#[derive(Debug)]
pub struct VerifySettings {
    /// Verifies the code, names the client in a counter, and digests the reset token.
    pub keyring: Keyring,
    /// How long a reset token lives.
    pub lifetime: Duration,
    /// How many wrong codes are allowed.
    pub caps: AttemptCaps,
    /// How many calls a client may make.
    pub limit: Limit,
}

/// Whose code it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The account for which this request was made; `None` if the given text cannot be the name of a request.
    Request(Option<ChallengeId>),
    /// The account with this address.
    Address(EmailAddress),
}

/// Counts the attempt, compares the code, claims the challenge and issues the reset token. Takes at most five round
/// trips, and as many for an unknown request or address as for a wrong code.
///
/// A code belongs to the account: the live challenge's code works with its address and with any of its requests.
///
/// # Errors
/// As [`VerifyOtpError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &VerifySettings,
    whose: &Whose,
    code: &Code,
    client: ClientAddress,
) -> Result<Token, VerifyOtpError> {
    let VerifySettings { keyring, caps, .. } = settings;
    let store = cx.store();
    let named = NamedLimit {
        name: "verify-otp",
        limit: settings.limit,
    };
    let (owner, counted) = futures::join!(
        Owner::seek(cx.env, whose),
        limiter::count(cx, keyring, named, client),
    );
    within(counted?.exceeded)?;
    let live = find_live(cx, &owner?, *caps).await?;

    // Counted before the comparison, for unknown accounts too. Whether the code was used is always looked up, so that a
    // used code takes the same calls as a wrong one.
    let (counted_for, day, serial) = if let Some(live) = &live {
        let serial = live.challenge.serial.clone();
        (live.account.id.clone(), live.challenge.attempts_day, serial)
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
    let Some(live) = live else {
        return Err(VerifyOtpError::InvalidOtp);
    };
    live.note_caps(cx, attempt.number);
    let conditions = [
        !live.account.disabled,
        !claimed,
        live.accepts(code, keyring, attempt.number, cx.now),
    ];
    if !conditions.into_iter().all(|holds| holds) {
        return Err(VerifyOtpError::InvalidOtp);
    }
    match claim.take(cx.env, Claimant::Code).await {
        Claimed::Won => cx.deferred.give_back.push(attempt.counter),
        Claimed::Lost => return Err(VerifyOtpError::InvalidOtp),
        Claimed::Unknown(outage) => return Err(VerifyOtpError::StartAgain(outage)),
    }
    give_token(cx, settings, live.account.id, live.challenge)
        .await
        .map_err(VerifyOtpError::StartAgain)
}

/// Who the code may belong to.
enum Owner<'a> {
    Id(AccountId),
    /// The accounts that the index has for an address. Each account's own record decides about its address.
    Address(&'a EmailAddress, Candidates),
}

impl<'a> Owner<'a> {
    /// The account that the caller names, or a placeholder, in one round trip.
    async fn seek<E: Env>(env: &E, whose: &'a Whose) -> Result<Self, Unavailable> {
        let store = env.store();
        let challenge_id = match whose {
            Whose::Address(email) => {
                let candidates = accounts::find_candidates(store, email).await?;
                return Ok(Self::Address(email, candidates));
            }
            Whose::Request(Some(challenge_id)) => challenge_id.clone(),
            Whose::Request(None) => ChallengeId::generate(env.random())?,
        };
        let request = recoveries::find_request(store, &challenge_id, env.clock().now()).await?;
        let id = request.map_or_else(AccountId::placeholder, |request| request.account_id);
        Ok(Self::Id(id))
    }

    fn ids(&self) -> Vec<&AccountId> {
        match self {
            Self::Id(id) => vec![id],
            Self::Address(_, candidates) => candidates.ids().collect(),
        }
    }

    async fn account(&self, store: &impl KeyValue) -> Result<Option<Account>, Unavailable> {
        match self {
            Self::Id(id) => accounts::find(store, id).await,
            Self::Address(email, candidates) => {
                accounts::find_among(store, candidates, email).await
            }
        }
    }
}

/// An account whose code could be right.
struct Live {
    account: Account,
    challenge: Challenge,
    /// The limits on attempts.
    caps: AttemptCaps,
}

impl Live {
    /// Whether `code` is right and allowed, on the day's attempt number `attempts`.
    fn accepts(&self, code: &Code, keyring: &Keyring, attempts: i64, now: Timestamp) -> bool {
        let (challenge, epoch) = (&self.challenge, self.account.epoch);
        challenge.accepts_code(code, keyring, attempts, self.caps, epoch, now)
    }

    /// Measures the limits that the attempt exceeds. That is in memory only, and changes no answer.
    fn note_caps<E: Env>(&self, cx: &Cx<'_, E>, attempts: i64) {
        for limit in self.challenge.exceeded(attempts, self.caps) {
            cx.env.meter().note(&Measured::Limit(limit));
        }
    }
}

/// The account and its challenge, if a code could be right now, in one round trip. No other guess counts against the
/// account: otherwise a stranger could use up the day's attempts before the owner even asks for an email.
async fn find_live<E: Env>(
    cx: &Cx<'_, E>,
    owner: &Owner<'_>,
    caps: AttemptCaps,
) -> Result<Option<Live>, Unavailable> {
    let store = cx.store();
    let ids = owner.ids();
    let recoveries = try_join_all(ids.iter().map(|id| recoveries::find(store, id)));
    let (account, recoveries) = futures::join!(owner.account(store), recoveries);
    let (Some(account), recoveries) = (account?, recoveries?) else {
        return Ok(None);
    };
    let mut found = ids.into_iter().zip(recoveries);
    let recovery = found.find_map(|(id, recovery)| recovery.filter(|_| *id == account.id));
    let Some(recovery) = recovery else {
        return Ok(None);
    };
    let challenge = recovery.challenge.clone();
    let challenge = challenge.filter(|it| it.may_accept_code(account.epoch, cx.now));
    Ok(challenge.map(|challenge| Live {
        caps: recovery.caps_on(challenge.attempts_day, 0, caps),
        account,
        challenge,
    }))
}

/// Stores the reset token for a used-up code.
async fn give_token<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &VerifySettings,
    account_id: AccountId,
    challenge: Challenge,
) -> Result<Token, Unavailable> {
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
    // Its deletion was scheduled together with the challenge's.
    let mut batch = Batch::default();
    tokens::insert(&mut batch, &token, &stored)?;
    batch.write_unnumbered(cx).await?;
    Ok(token)
}
