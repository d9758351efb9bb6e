//! A batch: changes that take effect together, committed in one round trip of numbers and one write.

use serde::Serialize;

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailKind, EmailState};
use crate::model::event::{Event, EventPlace};
use crate::model::id::{AccountId, ChallengeSerial, EmailId};
use crate::model::keyring::Keyring;
use crate::model::password_hash::Slowness;
use crate::model::sealed::{NONCE_BYTES, Sealed};
use crate::ports::{Env, KeyValue, SecureRandom, Unavailable};
use crate::store::accounts::{self, Pointer};
use crate::store::agenda::{Expiring, Place, ReservedEntry};
use crate::store::cx::Cx;
use crate::store::keys::{self, AnyKey, CounterKey, Key, Lane};
use crate::store::lease::Held;
use crate::store::outbox::records;
use crate::store::{draw, event_log, record};

mod numbered;

pub use numbered::Numbered;
use numbered::Numbers;

/// A decoy names no account and leaves nothing to be deleted. It is padded by roughly the size of both.
const UNWRITTEN_BYTES: usize = 1_070;

/// Changes that take effect together.
#[derive(Debug, Default)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    writes: Vec<(Key, Vec<u8>)>,
    accounts: Vec<(Account, Epoch)>,
    /// Accounts that are about to be deleted, by id and number.
    unlisted: Vec<(AccountId, i64)>,
    events: Vec<Event>,
    mails: Vec<(EmailId, Email, Option<DraftSecret>)>,
    /// Tasks without a time are due when the entry is first worked.
    tasks: Vec<(Option<Timestamp>, AgendaTask)>,
    expiring: Vec<Expiring>,
    entry: Option<ReservedEntry>,
    decoy: bool,
    /// What a decoy adds to a counter, instead of drawing the number of an email.
    counts_instead: Option<(CounterKey, i64)>,
    /// The deadline for writing it, if any.
    until: Option<Timestamp>,
    /// Whether it uses the request's claim to issue.
    uses_claim: bool,
}

/// What a batch does to an account's credential epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// Leaves the epoch as it is.
    Keep,
    /// The batch's last event of the account starts a new one.
    Raise,
    /// As `Raise`, and the credential is set in it.
    SetCredential,
    /// The account is new: this is its first one, and it gets its number.
    Begin,
}

/// The secret in a new email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftSecret {
    /// The link and the code of a challenge.
    Challenge {
        /// Names the challenge whose end makes the email useless.
        serial: ChallengeSerial,
        /// The sealed request that it answers, if the email is to be rewritten when it is not tried in time.
        request: Option<Sealed>,
    },
    /// The password that the same batch sets.
    NewPassword,
}

/// An email to be written.
#[derive(Debug)]
pub struct Draft<'a, M> {
    /// What kind of email it is.
    pub kind: EmailKind,
    /// The recipient's account.
    pub account_id: &'a AccountId,
    /// The email as it is sealed, and later handed to a provider.
    pub message: &'a M,
    /// When it is no longer worth sending.
    pub discard_at: Option<Timestamp>,
    /// The secret in it, if any.
    pub secret: Option<DraftSecret>,
}

/// The numbers that a commit drew, and the accounts as written.
#[derive(Debug, Default)]
pub struct Committed {
    /// The accounts as they were written, with their new epochs.
    pub accounts: Vec<Account>,
    /// The places of the events, in order.
    pub events: Vec<EventPlace>,
    /// The entry with the batch's tasks.
    pub entry: Option<ReservedEntry>,
}

impl Batch {
    /// A batch that continues `entry` instead of writing a new one.
    pub fn going_on_with(entry: ReservedEntry) -> Self {
        Self {
            entry: Some(entry),
            ..Self::default()
        }
    }

    /// Writes the batch under a lease: it is refused once the lease is about to run out.
    pub fn under(&mut self, held: Held) {
        self.only_until(held.write_until());
    }

    /// Refuses the batch unless it is written before `until`. The time is checked right before the write, once all
    /// numbers are drawn: a caller that stalled may have been overtaken by then.
    pub fn only_until(&mut self, until: Timestamp) {
        self.until = Some(self.until.map_or(until, |it| it.min(until)));
    }

    /// Writes the batch in the request's turn to issue, which ends at `until`, and so uses its claim.
    pub fn in_turn(&mut self, until: Timestamp) {
        self.uses_claim = true;
        self.only_until(until);
    }

    /// Turns all that the batch writes so far into a decoy: the same number of records of the same size, under
    /// meaningless names. Anything added later is real.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub fn become_decoy(&mut self) -> Result<(), Unavailable> {
        self.decoy = true;
        // The email comes first, where `outbox::imitate_replace` finds it: it is the largest record.
        let mut writes = Vec::new();
        for (id, email, _) in std::mem::take(&mut self.mails) {
            writes.extend(records::insert(&id, &email, 0)?);
        }
        writes.append(&mut self.writes);
        self.writes = writes;
        for event in std::mem::take(&mut self.events) {
            let place = EventPlace {
                account_id: AccountId::placeholder(),
                sequence: 0,
            };
            self.writes.push(event_log::write(&place, event)?);
        }
        for (number, (key, _)) in self.writes.iter_mut().enumerate() {
            *key = keys::decoy(number);
        }
        if let Some((_, value)) = self.writes.first_mut() {
            value.extend([b' '; UNWRITTEN_BYTES]);
        }
        self.expiring.clear();
        self.tasks.clear();
        Ok(())
    }

    /// Lets a decoy add `by` to `counter` instead of drawing a number that nobody needs. It is tried once only: if the store
    /// fails, the number may have been added.
    pub(super) fn count_instead_of_drawing(&mut self, counter: CounterKey, by: i64) {
        self.counts_instead = Some((counter, by));
    }

    /// Writes `value` under `key`.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub(super) fn put(&mut self, key: Key, value: &impl Serialize) -> Result<(), Unavailable> {
        self.writes.push((key, record::encode(value)?));
        Ok(())
    }

    /// Writes an account. If it is a new one, so are its index and its place in the list.
    pub fn account(&mut self, account: Account, epoch: Epoch) {
        if let Some(keys) = accounts::legacy_keys(&account) {
            // At once: nobody reads them once the new record exists.
            self.expire(Timestamp::from_unix_millis(0), keys);
        }
        self.accounts.push((account, epoch));
    }

    /// Takes an account out of the directory once it is deleted.
    pub fn unlist(&mut self, account: &Account) {
        self.unlisted.push((account.id.clone(), account.number));
    }

    /// Points from the digest of an account's address to it.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub fn address(&mut self, account: &Account) -> Result<(), Unavailable> {
        let pointer = Pointer {
            account_id: account.id.clone(),
        };
        self.put(keys::address(&account.email.digest()), &pointer)
    }

    /// Records that an account was imported with a foreign hash of this slowness.
    pub fn note_foreign_hash(&mut self, slowness: Slowness) {
        let mark = (keys::foreign_hashes(slowness), b"{\"v\":1}".to_vec());
        self.writes.push(mark);
    }

    /// Adds an event, and notifies the portal of it. Events of one account must be consecutive.
    pub fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Writes an email, sealed, and queues it for delivery. Returns its id.
    ///
    /// # Errors
    /// [`Unavailable::Random`] or [`Unavailable::Record`].
    pub fn mail<E: Env, M: Serialize>(
        &mut self,
        cx: &Cx<'_, E>,
        keyring: &Keyring,
        draft: Draft<'_, M>,
    ) -> Result<EmailId, Unavailable> {
        let id = EmailId::generate(cx.env.random())?;
        let mut nonce = [0; NONCE_BYTES];
        cx.env.random().fill(&mut nonce)?;
        let plaintext = serde_json::to_vec(draft.message)
            .map_err(|_| Unavailable::Record("cannot be written"))?;
        let email = Email {
            kind: draft.kind,
            account_id: draft.account_id.clone(),
            state: EmailState::Pending,
            message: Some(keyring.seal(nonce, id.as_str(), &plaintext)),
            created_at: cx.now,
            updated_at: cx.now,
            discard_at: draft.discard_at,
            secret: None,
            request: match &draft.secret {
                Some(DraftSecret::Challenge { request, .. }) => request.clone(),
                _ => None,
            },
            attempts: 0,
            attempts_before: 0,
            next_attempt_at: Some(cx.now),
            last_error: None,
            provider: None,
        };
        self.mails.push((id.clone(), email, draft.secret));
        Ok(id)
    }

    /// Adds a task that the entry's holder runs at once, or others once they may work the entry.
    pub fn task(&mut self, task: AgendaTask) {
        self.tasks.push((None, task));
    }

    /// Adds a task that is due at `at`.
    pub fn task_at(&mut self, at: Timestamp, task: AgendaTask) {
        self.tasks.push((Some(at), task));
    }

    /// Deletes `keys` at `at`.
    pub(super) fn expire(&mut self, at: Timestamp, keys: impl IntoIterator<Item = AnyKey>) {
        let keys: Vec<String> = keys
            .into_iter()
            .map(|key| key.as_str().to_owned())
            .collect();
        match self.expiring.iter_mut().find(|it| it.at == at) {
            Some(expiring) => expiring.keys.extend(keys),
            None => self.expiring.push(Expiring { at, keys }),
        }
    }

    /// Commits the batch: one round trip of numbers, one write. Its tasks run after the response.
    ///
    /// # Errors
    /// [`Unavailable`]. If the write failed, it is unknown whether it took effect: see [`Numbered::write`].
    pub async fn commit<E: Env>(self, cx: &mut Cx<'_, E>) -> Result<Committed, Unavailable> {
        let numbered = self.number(cx).await?;
        numbered.commit(cx).await
    }

    /// Draws the numbers that the batch needs, in one round trip. Keys that the request wants deleted later are
    /// included.
    ///
    /// # Errors
    /// [`Unavailable::Store`]; nothing was written.
    pub async fn number<E: Env>(self, cx: &Cx<'_, E>) -> Result<Numbered, Unavailable> {
        let numbers = self.draw_numbers(cx).await?;
        Ok(Numbered {
            batch: self,
            numbers,
        })
    }

    /// Writes a batch that needs no numbers, without an entry on the agenda: keys to be deleted later are put there
    /// after the response.
    ///
    /// # Errors
    /// [`Unavailable`] of the store. It may have been written.
    pub async fn write_unnumbered<E: Env>(mut self, cx: &mut Cx<'_, E>) -> Result<(), Unavailable> {
        cx.deferred.expiring.append(&mut self.expiring);
        cx.store().set_many(self.writes).await
    }

    /// How many of its changes concern the directory.
    fn listing_changes(&self) -> i64 {
        let accounts = self.accounts.iter();
        let changed = accounts.filter(|(account, _)| is_listed_anew(account));
        let changed = i64::try_from(changed.count()).unwrap_or(i64::MAX);
        changed.saturating_add(count_of(&self.unlisted))
    }

    /// Draws all numbers concurrently.
    async fn draw_numbers<E: Env>(&self, cx: &Cx<'_, E>) -> Result<Numbers, Unavailable> {
        let store = cx.store();
        let has_work = !self.tasks.is_empty()
            || !self.expiring.is_empty()
            || !cx.deferred.expiring.is_empty()
            || !self.mails.is_empty()
            || !self.events.is_empty();
        let entry = async {
            if self.entry.is_some() || !has_work {
                return Ok(None);
            }
            Place::take(store, Lane::Tasks).await.map(Some)
        };
        let emails = async {
            match (&self.counts_instead, self.decoy, count_of(&self.mails)) {
                (Some((counter, by)), ..) => store.increment(counter, *by).await,
                (None, true, _) => draw(store, &keys::decoys(), 1).await,
                (None, false, 0) => Ok(0),
                (None, false, count) => draw(store, &keys::emails(), count).await,
            }
        };
        let new_accounts: Vec<_> = self
            .accounts
            .iter()
            .filter(|it| it.1 == Epoch::Begin)
            .collect();
        let accounts = async {
            match count_of(&new_accounts) {
                0 => Ok(0),
                count => draw(store, &keys::accounts(), count).await,
            }
        };
        let changes = async {
            match self.listing_changes() {
                0 => Ok(0),
                count => draw(store, &keys::directory_changes(), count).await,
            }
        };
        let events = async {
            if self.decoy {
                draw(store, &keys::events(&AccountId::placeholder()), 1).await?;
            }
            event_log::number(store, &self.events).await
        };
        let (entry, last_email, last_account, last_change, events) =
            futures::join!(entry, emails, accounts, changes, events);
        Ok(Numbers {
            entry: entry?,
            events: events?,
            last_email: last_email?,
            last_account: last_account?,
            last_change: last_change?,
        })
    }
}

/// Whether the directory must be updated.
fn is_listed_anew(account: &Account) -> bool {
    account.listed.as_ref() != Some(&account.listing())
}

fn count_of<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
