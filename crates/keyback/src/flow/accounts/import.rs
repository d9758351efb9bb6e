//! Creating many accounts at once, a chunk at a time.

pub mod preview;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::accounts::create::{self, Draft, IdClaim, InitialPassword};
use crate::flow::events::Caller;
use crate::flow::passwords::hashing;
use crate::model::account::Account;
use crate::model::event::EventType;
use crate::model::hashing_gate::Place;
use crate::model::id::AccountId;
use crate::model::password_hash::PasswordHash;
use crate::model::password_policy::PasswordPolicy;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::accounts;
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::lease::Lease;

/// How many accounts are written in one call to the store.
pub const CHUNK: usize = 100;
/// How many passwords in clear a call may contain: each is checked and hashed.
const MAX_CLEAR: usize = 100;
/// Pause between two hashes, so that other requests of the instance can run.
const BETWEEN_HASHES: Duration = Duration::from_micros(1);

/// Why a line created no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFailure {
    /// Another account has the id or the address.
    Conflict,
    /// The id or the address belonged to a deleted account, and is free from then on.
    Reserved(Timestamp),
    /// The policy refuses the password.
    PasswordRejected,
    /// The call contains too many passwords in clear.
    TooManyPasswords,
}

/// The result of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// The line created an account.
    Created,
    /// The account exists already, with this id and address, in any spelling.
    Unchanged,
    /// The line created no account.
    Failed(LineFailure),
}

/// An import under way.
#[derive(Debug, Default)]
pub struct Import {
    hashed: usize,
    /// Taken for the first password in clear, and reused for the next ones.
    place: Option<Place>,
}

/// A draft that can still be created, with its hash; or the outcome of its line.
type Ready = Result<(Draft, Option<PasswordHash>), LineOutcome>;

/// The same, and how it is decided who gets the draft's id.
type Claimed = Result<(Draft, Option<PasswordHash>, IdClaim), LineOutcome>;

const CONFLICT: LineOutcome = LineOutcome::Failed(LineFailure::Conflict);

impl Import {
    /// Creates the accounts of one chunk, of at most [`CHUNK`] drafts, and returns the outcome of each. The accounts of
    /// a chunk are written in one call. A line whose id and address exist already changes nothing, so a call that was
    /// cut off can be repeated. The next run of the agenda sends the events to the portal.
    ///
    /// # Errors
    /// [`Unavailable`]; then the accounts of the chunk may have been created, all or none.
    pub async fn run<E: Env>(
        &mut self,
        cx: &mut Cx<'_, E>,
        policy: &PasswordPolicy,
        drafts: Vec<Draft>,
        by: &Caller,
    ) -> Result<Vec<LineOutcome>, Unavailable> {
        // Before taking leases: hashing takes seconds, and others may wait for them.
        let mut ready = Vec::new();
        for draft in drafts {
            ready.push(self.hash(cx.env, policy, draft).await?);
        }
        for _ in 0..create::TRIES {
            let outcomes = write(cx, ready.clone(), by).await;
            let leases = std::mem::take(&mut cx.deferred.leases);
            Lease::release_all(cx.store(), leases, cx.env.clock().now()).await;
            if let Some(outcomes) = outcomes? {
                return Ok(outcomes);
            }
        }
        Err(Unavailable::Store("timed out waiting for an ID".to_owned()))
    }

    /// Hashes the draft's password, unless the draft's outcome is clear already.
    async fn hash<E: Env>(
        &mut self,
        env: &E,
        policy: &PasswordPolicy,
        draft: Draft,
    ) -> Result<Ready, Unavailable> {
        let password = match &draft.password {
            None => return Ok(Ok((draft, None))),
            Some(InitialPassword::Hashed(hash)) => {
                let hash = hash.clone();
                return Ok(Ok((draft, Some(hash))));
            }
            Some(InitialPassword::Clear(password)) => password,
        };
        if let Some(outcome) = find_outcome(env.store(), &draft).await? {
            return Ok(Err(outcome));
        }
        self.hashed = self.hashed.saturating_add(1);
        if self.hashed > MAX_CLEAR {
            return Ok(Err(LineOutcome::Failed(LineFailure::TooManyPasswords)));
        }
        if !policy.violations(password, &draft.email).is_empty() {
            return Ok(Err(LineOutcome::Failed(LineFailure::PasswordRejected)));
        }
        let place = match self.place.take() {
            Some(place) => place,
            None => hashing::enter(env)?,
        };
        let hash = hashing::hash(env, &place, password).await?;
        self.place = Some(place);
        env.clock().sleep(BETWEEN_HASHES).await;
        Ok(Ok((draft, Some(hash))))
    }
}

/// Creates accounts for the drafts that are still possible, under the leases on their addresses. Returns `None` if
/// another request may have drawn the first number of an id meanwhile, so that the id's owner is not clear yet.
async fn write<E: Env>(
    cx: &mut Cx<'_, E>,
    ready: Vec<Ready>,
    by: &Caller,
) -> Result<Option<Vec<LineOutcome>>, Unavailable> {
    let claims = ready.into_iter().map(|ready| claim(cx.env, ready));
    let mut claimed = Vec::new();
    for it in futures::future::join_all(claims).await {
        claimed.push(it?);
    }
    let held = Lease::acquire_all(cx, &lease_names(&claimed)).await?;
    let looks = claimed.into_iter().map(|it| find_outcome_again(cx, it, by));
    let mut lines = Vec::new();
    let mut accounts: Vec<Account> = Vec::new();
    let mut reasons = Vec::new();
    let mut by_first_number = Vec::new();
    for looked in futures::future::join_all(looks).await {
        let outcome = match looked? {
            Err(outcome) => Err(outcome),
            Ok((draft, hash, claim)) => {
                // The lines of a chunk do not see one another in the store yet.
                if let Some(outcome) = among(&accounts, &draft) {
                    Err(outcome)
                } else {
                    let id = match draft.id.clone() {
                        Some(id) => id,
                        None => AccountId::generate(cx.env.random())?,
                    };
                    if claim == IdClaim::ByFirstNumber {
                        by_first_number.push(id.clone());
                    }
                    reasons.push(draft.reason.clone());
                    accounts.push(create::prepare(cx.now, id, draft, hash));
                    Ok(())
                }
            }
        };
        lines.push(outcome.err().unwrap_or(LineOutcome::Created));
    }
    if !accounts.is_empty() {
        let mut batch = Batch::default();
        for (account, reason) in accounts.into_iter().zip(reasons) {
            batch.event(by.event(cx, EventType::AccountCreated, &account.id, reason)?);
            create::add_to(&mut batch, account);
        }
        batch.under(held);
        let numbered = batch.number(cx).await?;
        if !by_first_number.iter().all(|id| numbered.begins(id)) {
            return Ok(None);
        }
        numbered.write(cx).await?;
    }
    Ok(Some(lines))
}

/// The draft, and how it is decided who gets its id, unless an account has it.
async fn claim<E: Env>(env: &E, ready: Ready) -> Result<Claimed, Unavailable> {
    let (draft, hash) = match ready {
        Ok(ready) => ready,
        Err(outcome) => return Ok(Err(outcome)),
    };
    if let Some(claim) = IdClaim::find(env, draft.id.as_ref()).await? {
        return Ok(Ok((draft, hash, claim)));
    }
    let outcome = find_outcome(env.store(), &draft).await?;
    Ok(Err(outcome.unwrap_or(CONFLICT)))
}

/// The leases on all addresses, and on the ids that had events before.
fn lease_names(claimed: &[Claimed]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (draft, _, claim) in claimed.iter().flatten() {
        names.insert(accounts::address_lease_name(&draft.email));
        names.extend(claim.lease_name());
    }
    names.into_iter().collect()
}

/// Checks the draft once more, now that the leases are taken.
async fn find_outcome_again<E: Env>(
    cx: &Cx<'_, E>,
    claimed: Claimed,
    by: &Caller,
) -> Result<Claimed, Unavailable> {
    let (draft, hash, claim) = match claimed {
        Ok(claimed) => claimed,
        refused => return Ok(refused),
    };
    Ok(match find_outcome_for(cx, &draft, by).await? {
        Some(outcome) => Err(outcome),
        None => Ok((draft, hash, claim)),
    })
}

/// The outcome of a draft of `by` that is clear from the store alone: `None` if `by` may have both its id and its
/// address.
async fn find_outcome_for<E: Env>(
    cx: &Cx<'_, E>,
    draft: &Draft,
    by: &Caller,
) -> Result<Option<LineOutcome>, Unavailable> {
    if let Some(outcome) = find_outcome(cx.store(), draft).await? {
        return Ok(Some(outcome));
    }
    let until = create::reserved_until(cx, by, draft.id.as_ref(), &draft.email).await?;
    Ok(until.map(|until| LineOutcome::Failed(LineFailure::Reserved(until))))
}

/// The outcome of a draft that is clear from the store alone: `None` if both its id and its address are free.
async fn find_outcome(
    store: &impl KeyValue,
    draft: &Draft,
) -> Result<Option<LineOutcome>, Unavailable> {
    let find_by_id = async || match &draft.id {
        Some(id) => accounts::find(store, id).await,
        None => Ok(None),
    };
    let (by_id, by_email) =
        futures::join!(find_by_id(), accounts::find_by_email(store, &draft.email));
    let (mut by_id, email_is_free) = (by_id?, by_email?.is_none());
    if by_id.is_none() && !email_is_free {
        // It may have been created between the two reads.
        by_id = find_by_id().await?;
    }
    Ok(match (by_id, email_is_free) {
        (Some(account), _) if account.email.is_same_mailbox(&draft.email) => {
            Some(LineOutcome::Unchanged)
        }
        (None, true) => None,
        _ => Some(CONFLICT),
    })
}

/// The outcome of a draft that is clear from the accounts about to be written, if any.
fn among(accounts: &[Account], draft: &Draft) -> Option<LineOutcome> {
    accounts.iter().find_map(|account| {
        let same_id = draft.id.as_ref() == Some(&account.id);
        match (same_id, account.email.is_same_mailbox(&draft.email)) {
            (true, true) => Some(LineOutcome::Unchanged),
            (false, false) => None,
            _ => Some(CONFLICT),
        }
    })
}
