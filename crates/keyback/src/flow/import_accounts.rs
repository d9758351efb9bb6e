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
use crate::store::{agenda, keys, record};

/// How many accounts are written in one call to the store.
pub const CHUNK: usize = 100;
/// How many passwords in clear a call may bring: each costs a hashing.
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
    hashed: usize,
}

impl Import {
    /// Creates the accounts of one chunk, of at most [`CHUNK`] drafts, and tells what became of each. The accounts of a
    /// chunk are written in one call; a line whose id and address are there already changes nothing, so a call that was
    /// cut off can be repeated. Their events are noted by whoever works the agenda next.
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
        let lease = accounts::lease(env).await?;
        let outcomes = self.write(env, policy, drafts, by).await;
        lease.release(env.store(), env.clock().now()).await?;
        outcomes
    }

    async fn write<E: Env>(
        &mut self,
        env: &E,
        policy: &PasswordPolicy,
        drafts: Vec<Draft>,
        by: &Caller,
    ) -> Result<Vec<LineOutcome>, Outage> {
        let store = env.store();
        let now = env.clock().now();
        let looks = drafts.iter().map(|draft| look(store, draft, now));
        let seen = futures::future::join_all(looks).await;

        let mut outcomes = Vec::new();
        let mut created = Vec::new();
        for (draft, seen) in drafts.into_iter().zip(seen) {
            // The lines of a chunk do not see one another in the store yet.
            let seen = match seen? {
                Seen::Free { epoch } => among(&created, &draft).unwrap_or(Seen::Free { epoch }),
                known => known,
            };
            let outcome = match seen {
                Seen::Unchanged => LineOutcome::Unchanged,
                Seen::Taken => LineOutcome::Failed(LineFailure::Conflict),
                Seen::Free { epoch } => match self.account(env, policy, draft, epoch)? {
                    Ok(account) => {
                        created.push(account);
                        LineOutcome::Created
                    }
                    Err(failure) => LineOutcome::Failed(failure),
                },
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
            writes.extend(records(found)?);
            events.push(by.event(env, EventType::AccountCreated, &found.account.id, None)?);
        }
        let task = AgendaTask::Note { events };
        writes.extend(agenda::place(store, now, task).await?.writes);
        store.set_many(writes).await?;
        Ok(outcomes)
    }

    /// The account for a draft whose id and address are free; its number is yet to come.
    fn account<E: Env>(
        &mut self,
        env: &E,
        policy: &PasswordPolicy,
        draft: Draft,
        epoch: u64,
    ) -> Result<Result<AccountWithCredential, LineFailure>, Outage> {
        let now = env.clock().now();
        let hash = match draft.password {
            None => None,
            Some(InitialPassword::Hashed(hash)) => Some(hash),
            Some(InitialPassword::Clear(password)) => {
                if !policy.violations(&password, &draft.email).is_empty() {
                    return Ok(Err(LineFailure::PasswordRejected));
                }
                self.hashed = self.hashed.saturating_add(1);
                if self.hashed > MAX_CLEAR {
                    return Ok(Err(LineFailure::TooManyPasswords));
                }
                Some(password.hash(env.random())?)
            }
        };
        let id = draft
            .id
            .map_or_else(|| AccountId::generate(env.random()), Ok)?;
        let credential = hash.map(|hash| Credential {
            hash,
            set_at: now,
            set_by: SetBy::Administrator,
            must_change: draft.change_on_next_sign_in,
            expires_at: None,
            epoch,
        });
        Ok(Ok(AccountWithCredential {
            account: Account {
                id,
                email: draft.email,
                locale: draft.locale,
                disabled: false,
                created_at: now,
                epoch,
                number: 0,
            },
            credential,
            order: None,
        }))
    }
}

/// What is clear about a draft before anything is written.
enum Seen {
    /// There is an account with its id and its address.
    Unchanged,
    /// Another account has its id or its address.
    Taken,
    /// An account can be created.
    Free {
        /// The credential epoch that it begins with.
        epoch: u64,
    },
}

/// What the store says about a draft.
async fn look(store: &impl KeyValue, draft: &Draft, now: Timestamp) -> Result<Seen, Outage> {
    let by_id = async {
        match &draft.id {
            Some(id) => record::find::<Account>(store, &keys::account(id)).await,
            None => Ok(None),
        }
    };
    let (by_id, email_is_free) = futures::join!(by_id, accounts::is_free(store, &draft.email));
    Ok(match (by_id?, email_is_free?, &draft.id) {
        (Some(account), ..) if account.email == draft.email => Seen::Unchanged,
        (None, true, Some(id)) => Seen::Free {
            epoch: accounts::first_epoch(store, id, now).await?,
        },
        (None, true, None) => Seen::Free {
            epoch: Account::epoch_at(now, 0),
        },
        _ => Seen::Taken,
    })
}

/// What the accounts that are about to be written say about a draft, if anything.
fn among(created: &[AccountWithCredential], draft: &Draft) -> Option<Seen> {
    let mut accounts = created.iter().map(|found| &found.account);
    accounts.find_map(|account| {
        let same_id = draft.id.as_ref() == Some(&account.id);
        match (same_id, account.email == draft.email) {
            (true, true) => Some(Seen::Unchanged),
            (false, false) => None,
            _ => Some(Seen::Taken),
        }
    })
}
