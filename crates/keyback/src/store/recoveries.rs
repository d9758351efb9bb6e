//! Recoveries of accounts, the requests tied to them, and the counting of attempts at codes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::agenda_task::AgendaTask;
use crate::model::id::{AccountId, ChallengeId, ChallengeSerial};
use crate::model::recovery::{
    Challenge, IssueClaim, IssueRules, Recovery, Use, attempts_day as attempts_day_of, end_of_day,
};
use crate::model::token::TokenReference;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::agenda::DueTask;
use crate::store::batch::Batch;
use crate::store::claim::Claimed;
use crate::store::cx::{Deferred, UnusedClaim};
use crate::store::keys::{self, CounterKey};
use crate::store::{claim, draw, read_counter, record};

/// Records and claims outlive their expiry by this much, so a request that read one just in time still finds the claim.
pub const AFTERLIFE: Duration = Duration::from_mins(10);
/// How long a claim to issue, or to forget, may take to be used. The next claim waits for this long.
pub const TURN: Duration = Duration::from_secs(10);
/// What a claim to issue adds to the counter of a day's attempts. There are always fewer attempts than this.
const ISSUE: i64 = 1 << 32;
/// What is added to it for a claim that is given back. There are always fewer claims in a day than it takes to get there.
const GIVEN_BACK: i64 = 1 << 48;
/// So many claims a day are given back at most, so that the counter never gets near its bound.
const MOST_GIVEN_BACK: i64 = 1 << 14;

/// Which account a `challenge_id` belongs to. Older records also name the challenge, which no longer matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The account whose newest challenge this request's `challenge_id` stands for.
    pub account_id: AccountId,
    /// When the record may be deleted.
    pub expires_at: Timestamp,
}

/// The stored recovery of an account.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(store: &impl KeyValue, id: &AccountId) -> Result<Option<Recovery>, Unavailable> {
    record::find(store, &keys::recovery(id)).await
}

/// The account of a request, while its record is kept. The record may exist for longer: its deletion may wait on the
/// agenda behind work that cannot be done.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_request(
    store: &impl KeyValue,
    id: &ChallengeId,
    now: Timestamp,
) -> Result<Option<RequestRecord>, Unavailable> {
    let found: Option<RequestRecord> = record::find(store, &keys::request(id)).await?;
    Ok(found.filter(|request| now < request.expires_at))
}

/// Replaces the recovery of `id`.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn replace(batch: &mut Batch, id: &AccountId, recovery: &Recovery) -> Result<(), Unavailable> {
    batch.put(keys::recovery(id), recovery)
}

/// Ties a request to its account. The record is deleted at `request.expires_at`.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn tie(
    batch: &mut Batch,
    id: &ChallengeId,
    request: &RequestRecord,
) -> Result<(), Unavailable> {
    let key = keys::request(id);
    batch.expire(request.expires_at, [key.clone().into()]);
    batch.put(key, request)
}

/// Schedules the deletion at `at` of a challenge's claim, and of its reset token with its claim and its count of
/// refused passwords.
pub fn expire_claims(batch: &mut Batch, challenge: &Challenge, at: Timestamp) {
    batch.expire(
        at,
        [
            keys::challenge_claim(&challenge.serial).into(),
            keys::token_claim(&challenge.reset_reference).into(),
            keys::refusals(&challenge.reset_reference).into(),
            keys::token(&challenge.reset_reference).into(),
        ],
    );
}

/// Whether the challenge has been used or cancelled. It takes the same call for a challenge that does not exist.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn is_used(store: &impl KeyValue, serial: &ChallengeSerial) -> Result<bool, Unavailable> {
    store.exists(&keys::challenge_claim(serial).into()).await
}

/// Whether `challenge` was used or cancelled. It takes the same calls without a challenge.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_use<E: Env>(env: &E, challenge: Option<&Challenge>) -> Result<Use, Unavailable> {
    let store = env.store();
    let serial = match challenge {
        Some(challenge) => challenge.serial.clone(),
        None => ChallengeSerial::generate(env.random())?,
    };
    let cancel = match challenge.and_then(|challenge| challenge.cancel_reference.clone()) {
        Some(reference) => reference,
        None => TokenReference::generate(env.random())?,
    };
    let cancel_key = keys::token_claim(&cancel).into();
    let (used, cancelled) = futures::join!(is_used(store, &serial), store.exists(&cancel_key));
    Ok(match (used?, cancelled?) {
        (_, true) => Use::Cancelled,
        (true, false) => Use::Used,
        (false, false) => Use::Unused,
    })
}

/// The claim that decides who uses the challenge.
#[must_use]
pub fn claim_of(serial: &ChallengeSerial) -> Claim {
    Claim(keys::challenge_claim(serial))
}

/// The counter that decides who uses a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim(pub(super) CounterKey);

impl Claim {
    /// Whether somebody has claimed it.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    pub async fn is_taken(&self, store: &impl KeyValue) -> Result<bool, Unavailable> {
        store.exists(&self.0.clone().into()).await
    }

    /// Claims it: of all callers, at most one wins.
    pub async fn take<E: Env>(&self, env: &E, claimant: claim::Claimant) -> Claimed {
        claim::take(env, &self.0, claimant).await
    }

    /// Claims it for good, even if another caller has claimed it.
    ///
    /// # Errors
    /// [`Unavailable::Store`]; it may be claimed.
    pub async fn cancel(&self, store: &impl KeyValue) -> Result<claim::Cancelled, Unavailable> {
        claim::cancel(store, &self.0).await
    }
}

/// A counted attempt at a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How many attempts the account has had on that day, including this one.
    pub number: i64,
    /// Needed to give it back.
    pub(crate) counter: CounterKey,
}

/// Counts an attempt at a code of `account`, or at none, for `day`.
///
/// # Errors
/// [`Unavailable::Store`]; it may have been counted.
pub async fn count_attempt(
    store: &impl KeyValue,
    account: &AccountId,
    day: u64,
) -> Result<Attempt, Unavailable> {
    let counter = keys::attempts(account, day);
    let stands = store.increment(&counter, 1).await?;
    Ok(Attempt {
        number: attempts_in(stands),
        counter,
    })
}

/// How many attempts at codes `account` has had on `day`. Correct ones do not count.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn read_attempts(
    store: &impl KeyValue,
    account: &AccountId,
    day: u64,
) -> Result<i64, Unavailable> {
    let stands = read_counter(store, &keys::attempts(account, day)).await?;
    Ok(attempts_in(stands))
}

/// Claims the right to issue a challenge. Also returns how many attempts at codes the account has had on that day.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn claim_issue(
    store: &impl KeyValue,
    account: &AccountId,
    day: u64,
) -> Result<(IssueClaim, i64), Unavailable> {
    let stands = draw(store, &keys::attempts(account, day), ISSUE).await?;
    let attempts = attempts_in(stands);
    let claim = IssueClaim {
        day,
        number: claims_in(stands),
        given_back: Some(given_back_in(stands)),
    };
    Ok((claim, attempts))
}

/// Claims nothing, with the same call to the store as [`claim_issue`]. The counter goes up or down, so that it never gets
/// anywhere near its bounds.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn imitate_claim(
    store: &impl KeyValue,
    placeholder: &AccountId,
    is_up: bool,
) -> Result<IssueClaim, Unavailable> {
    let by = if is_up { ISSUE } else { ISSUE.saturating_neg() };
    draw(store, &keys::attempts(placeholder, 0), by).await?;
    Ok(IssueClaim {
        day: 0,
        number: 1,
        given_back: Some(0),
    })
}

/// What giving back `claim` adds to its counter. Its number stays its own, so two claims never wait for the same turn.
fn amount_of(claim: IssueClaim) -> i64 {
    let may_give_back = claim.given_back.is_none_or(|count| count < MOST_GIVEN_BACK);
    // A claim of day 0 is an imitation.
    if claim.day > 0 && may_give_back {
        GIVEN_BACK
    } else {
        0
    }
}

/// Gives back a claim to issue that will not be used: if all that came before the next one are, it waits for nothing. To be
/// called within a [`TURN`] of the claim: later ones may already count it as over.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn return_issue_claim(
    store: &impl KeyValue,
    account: &AccountId,
    claim: IssueClaim,
) -> Result<(), Unavailable> {
    let counter = keys::attempts(account, claim.day);
    store.increment(&counter, amount_of(claim)).await?;
    Ok(())
}

/// Gives back a claim that lost its turn, by the call to the store with which the decoy in `batch` would draw a number for an
/// email. So a request that lost its turn makes as many changes as any other.
pub(crate) fn give_back_with(batch: &mut Batch, lost: &UnusedClaim) {
    let counter = keys::attempts(&lost.account_id, lost.claim.day);
    batch.count_instead_of_drawing(counter, amount_of(lost.claim));
}

/// Gives back the request's claim to issue, if no write has used it.
///
/// # Errors
/// [`Unavailable::Store`]. The next claim then waits for a [`TURN`].
pub async fn return_unused_claim<E: Env>(
    env: &E,
    deferred: &mut Deferred,
) -> Result<(), Unavailable> {
    match deferred.unused_claim.take() {
        Some(unused) if env.clock().now() < unused.until => {
            return_issue_claim(env.store(), &unused.account_id, unused.claim).await
        }
        _ => Ok(()),
    }
}

/// The number of claims to issue in a counter's value.
fn claims_in(stands: i64) -> i64 {
    let claims = stands.checked_rem_euclid(GIVEN_BACK).unwrap_or_default();
    claims.checked_div_euclid(ISSUE).unwrap_or_default()
}

/// The number of claims to issue that were given back.
fn given_back_in(stands: i64) -> i64 {
    stands.checked_div_euclid(GIVEN_BACK).unwrap_or_default()
}

fn attempts_in(stands: i64) -> i64 {
    stands.checked_rem_euclid(ISSUE).unwrap_or_default()
}

/// The task that deletes the recovery of an account, and its count of attempts on `day`, once that day is over.
#[must_use]
pub fn forget_after(account_id: AccountId, day: u64) -> DueTask {
    DueTask {
        at: end_of_day(day).plus(AFTERLIFE),
        own: false,
        task: AgendaTask::ForgetRecovery {
            account_id,
            attempts_day: day,
        },
    }
}

/// Deletes the recovery of `id` if nothing in it matters any more, and its count of attempts on a day that is over. If
/// another caller is, or may be, at work on it, returns the day after which its count is to be deleted, and the
/// recovery with it.
///
/// # Errors
/// [`Unavailable`] of the store. It is retried.
pub async fn forget<E: Env>(
    env: &E,
    id: &AccountId,
    attempts_day: u64,
    rules: &IssueRules,
) -> Result<Option<u64>, Unavailable> {
    let (store, now) = (env.store(), env.clock().now());
    let mut gone = vec![keys::attempts(id, attempts_day).into()];
    let recovery = find(store, id).await?;
    if !recovery.is_some_and(|recovery| recovery.is_forgettable(rules, now)) {
        return store.delete_many(gone).await.map(|()| None);
    }
    let is_over = || env.clock().now() >= now.plus(TURN);
    if is_over() {
        return Err(Unavailable::Store("the deletion took too long".to_owned()));
    }
    // Issuing requires a claim, and so does forgetting: only one of them comes first.
    let today = attempts_day_of(now);
    let (claim, _) = claim_issue(store, id, today).await?;
    if claim.number != 1 || is_over() {
        return_issue_claim(store, id, claim).await?;
        return store.delete_many(gone).await.map(|()| Some(today));
    }
    gone.extend([keys::recovery(id).into(), keys::attempts(id, today).into()]);
    store.delete_many(gone).await.map(|()| None)
}
