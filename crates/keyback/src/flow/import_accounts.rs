//! Creating many accounts at once, a chunk at a time.

use crate::flow::accounts::{self, AccountWithCredential};
use crate::flow::caller::Caller;
use crate::flow::create_account::{Draft, InitialPassword, records};
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::credential::{Credential, SetBy};
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::password_policy::PasswordPolicy;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::{agenda, event_log, keys, record};

/// How many accounts are written in one call to the store.
pub const CHUNK: usize = 100;
/// How many passwords in clear a call may bring: each costs judging and a hashing.
const MAX_CLEAR: usize = 100;

/// Why a line brought no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFailure {
    /// The id is another account's, or the address is.
    Conflict,
    /// The policy refuses the password.
    PasswordRejected,
    /// The call brings too many passwords in clear.
    TooManyPasswords,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// A new account.
    Created,
    /// The account is there already, with this id and address.
    Unchanged,
    /// None.
    Failed(LineFailure),
}

/// An import under way.
#[derive(Debug, Default)]
pub struct Import {
    judged: usize,
}

impl Import {
    /// Creates the accounts of one chunk, of at most [`CHUNK`] drafts, and tells what became of each. The accounts of a
    /// chunk are written in one call; a line whose id and address are there already changes nothing, so a call that was
    /// cut off can be repeated. Their events are followed up by whoever works the agenda next.
    ///
    /// # Errors
    /// [`Outage`]; then no account of the chunk was created.
    pub async fn run<E: Env>(
        &mut self,
        env: &E,
        policy: &PasswordPolicy,
        drafts: Vec<Draft>,
        by: &Caller,
    ) -> Result<Vec<LineOutcome>, Outage> {
        // Hashing takes seconds, and would keep all others who need the lease waiting.
        let mut hashed = Vec::new();
        for draft in drafts {
            hashed.push(self.hash(env, policy, draft).await?);
        }
        accounts::alone(env, write(env, hashed, by)).await
    }

    /// The draft with its password hashed, unless something stands against it.
    async fn hash<E: Env>(
        &mut self,
        env: &E,
        policy: &PasswordPolicy,
        draft: Draft,
    ) -> Result<Result<Draft, LineOutcome>, Outage> {
        let Some(InitialPassword::Clear(password)) = &draft.password else {
            return Ok(Ok(draft));
        };
        if let Some(outcome) = look(env.store(), &draft).await? {
            return Ok(Err(outcome));
        }
        self.judged = self.judged.saturating_add(1);
        if self.judged > MAX_CLEAR {
            return Ok(Err(LineOutcome::Failed(LineFailure::TooManyPasswords)));
        }
        if !policy.violations(password, &draft.email).is_empty() {
            return Ok(Err(LineOutcome::Failed(LineFailure::PasswordRejected)));
        }
        let hash = password.hash(env.random())?;
        Ok(Ok(Draft {
            password: Some(InitialPassword::Hashed(hash)),
            ..draft
        }))
    }
}

/// Creates accounts for those drafts against which nothing stands, under the lease on the accounts.
async fn write<E: Env>(
    env: &E,
    drafts: Vec<Result<Draft, LineOutcome>>,
    by: &Caller,
) -> Result<Vec<LineOutcome>, Outage> {
    let store = env.store();
    let now = env.clock().now();
    let starts = drafts.into_iter().map(|draft| start(store, draft, now));
    let started = futures::future::join_all(starts).await;

    let mut outcomes = Vec::new();
    let mut created: Vec<AccountWithCredential> = Vec::new();
    for started in started {
        let outcome = match started? {
            Err(outcome) => outcome,
            Ok((draft, epoch)) => {
                // The lines of a chunk do not see one another in the store yet.
                if let Some(outcome) = among(&created, &draft) {
                    outcome
                } else {
                    created.push(account(env, draft, epoch, now)?);
                    LineOutcome::Created
                }
            }
        };
        outcomes.push(outcome);
    }
    if created.is_empty() {
        return Ok(outcomes);
    }

    let count = i64::try_from(created.len()).unwrap_or(i64::MAX);
    let last = store.increment(&keys::accounts(), count).await?;
    let mut number = last.saturating_sub(count);
    let mut events = Vec::new();
    let mut writes = Vec::new();
    for found in &mut created {
        number = number.saturating_add(1);
        found.account.number = number;
        if let Some(credential) = &mut found.credential {
            credential.account_number = number;
        }
        writes.extend(records(found)?);
        events.push(by.event(env, EventType::AccountCreated, &found.account.id, None)?);
    }
    let appended = event_log::append(store, events).await?;
    writes.extend(appended.writes);
    let task = AgendaTask::FollowUp {
        events: appended.places,
    };
    writes.extend(agenda::place(store, now, task).await?.writes);
    store.set_many(writes).await?;
    Ok(outcomes)
}

/// The draft with the credential epoch that its account begins with, unless something stands against it.
async fn start(
    store: &impl KeyValue,
    draft: Result<Draft, LineOutcome>,
    now: Timestamp,
) -> Result<Result<(Draft, u64), LineOutcome>, Outage> {
    let draft = match draft {
        Ok(draft) => draft,
        Err(outcome) => return Ok(Err(outcome)),
    };
    if let Some(outcome) = look(store, &draft).await? {
        return Ok(Err(outcome));
    }
    let epoch = match &draft.id {
        Some(id) => accounts::first_epoch(store, id, now).await?,
        None => Account::epoch_at(now, 0),
    };
    Ok(Ok((draft, epoch)))
}

/// What is clear about a draft from the store alone: `None` if both its id and its address are free.
async fn look(store: &impl KeyValue, draft: &Draft) -> Result<Option<LineOutcome>, Outage> {
    let by_id = async {
        match &draft.id {
            Some(id) => record::find::<Account>(store, &keys::account(id)).await,
            None => Ok(None),
        }
    };
    let (by_id, email_is_free) = futures::join!(by_id, accounts::is_free(store, &draft.email));
    Ok(match (by_id?, email_is_free?) {
        (Some(account), _) if account.email == draft.email => Some(LineOutcome::Unchanged),
        (None, true) => None,
        _ => Some(LineOutcome::Failed(LineFailure::Conflict)),
    })
}

/// What the accounts that are about to be written say about a draft, if anything.
fn among(created: &[AccountWithCredential], draft: &Draft) -> Option<LineOutcome> {
    let mut accounts = created.iter().map(|found| &found.account);
    accounts.find_map(|account| {
        let same_id = draft.id.as_ref() == Some(&account.id);
        match (same_id, account.email == draft.email) {
            (true, true) => Some(LineOutcome::Unchanged),
            (false, false) => None,
            _ => Some(LineOutcome::Failed(LineFailure::Conflict)),
        }
    })
}

/// The account for a draft whose id and address are free; its number, and its credential's, are yet to come.
fn account<E: Env>(
    env: &E,
    draft: Draft,
    epoch: u64,
    now: Timestamp,
) -> Result<AccountWithCredential, Outage> {
    let id = draft
        .id
        .map_or_else(|| AccountId::generate(env.random()), Ok)?;
    let hash = match draft.password {
        None => None,
        Some(InitialPassword::Hashed(hash)) => Some(hash),
        Some(InitialPassword::Clear(password)) => Some(password.hash(env.random())?),
    };
    let credential = hash.map(|hash| Credential {
        hash,
        set_at: now,
        set_by: SetBy::Administrator,
        must_change: draft.change_on_next_sign_in,
        expires_at: None,
        epoch,
        account_number: 0,
    });
    let account = Account {
        id,
        email: draft.email,
        locale: draft.locale,
        disabled: false,
        created_at: now,
        epoch,
        number: 0,
    };
    Ok(AccountWithCredential {
        account,
        credential,
        order: None,
    })
}
