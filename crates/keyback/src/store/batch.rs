//! A batch: what becomes true together, committed in one round trip of numbers and one write.

use std::time::Duration;

use serde::Serialize;

use crate::mail::message::Message;
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailKind, EmailState, MailSecret};
use crate::model::event::{Event, EventPlace};
use crate::model::id::{AccountId, ChallengeSerial, EmailId};
use crate::model::keyring::Keyring;
use crate::model::sealed::NONCE_BYTES;
use crate::model::timestamp::Timestamp;
use crate::ports::{Env, KeyValue, Outage, SecureRandom};
use crate::store::accounts::{self, Pointer};
use crate::store::agenda::{DueTask, Expiring, Place, ReservedEntry};
use crate::store::cx::Cx;
use crate::store::keys::{self, AnyKey, Key, Lane};
use crate::store::{draw, event_log, outbox, record};

/// How long an email can be seen.
const EMAILS_KEPT_FOR: Duration = Duration::from_hours(31 * 24);

/// A decoy names no account and leaves nothing to be deleted. It is padded by about what that takes.
const UNWRITTEN_BYTES: usize = 900;

/// What is to become true together.
#[derive(Debug, Default)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    writes: Vec<(Key, Vec<u8>)>,
    accounts: Vec<(Account, Epoch)>,
    events: Vec<Event>,
    mails: Vec<(EmailId, Email, Option<DraftSecret>)>,
    /// Those without a time are due when the entry is first worked.
    tasks: Vec<(Option<Timestamp>, AgendaTask)>,
    expiring: Vec<Expiring>,
    entry: Option<ReservedEntry>,
    decoy: bool,
}

/// What a batch does to an account's credential epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// Nothing.
    Keep,
    /// The batch's last event of the account begins a new one.
    Raise,
    /// As `Raise`; and the credential is set in it.
    SetCredential,
    /// The account is new: this is its first one, and it gets its number.
    Begin,
}

/// The secret that a new mail holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftSecret {
    /// The link and the code of a challenge.
    Challenge(ChallengeSerial),
    /// The password that the same batch sets.
    NewPassword,
}

/// A mail to be written.
#[derive(Debug)]
pub struct Draft<'a> {
    /// What kind of mail it is.
    pub kind: EmailKind,
    /// Whom it is for.
    pub account_id: &'a AccountId,
    /// What it says.
    pub message: &'a Message,
    /// From when on it is not worth sending.
    pub discard_at: Option<Timestamp>,
    /// The secret that it holds, if any.
    pub secret: Option<DraftSecret>,
}

/// What was committed.
#[derive(Debug, Default)]
pub struct Committed {
    /// The accounts as they were written, with their new epochs.
    pub accounts: Vec<Account>,
    /// Where the events stand, in their order.
    pub events: Vec<EventPlace>,
    /// The entry with the batch's tasks.
    pub entry: Option<ReservedEntry>,
}

/// A batch with its numbers, not yet written.
#[derive(Debug)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Numbered {
    batch: Batch,
    numbers: Numbers,
}

/// The numbers that a batch needs.
#[derive(Debug)]
struct Numbers {
    entry: Option<Place>,
    events: Vec<EventPlace>,
    last_email: i64,
    last_account: i64,
}

impl Numbers {
    /// The number of the last event of the account `id`: that is what begins its credential epoch.
    fn last_event_of(&self, id: &AccountId) -> i64 {
        let mut events = self.events.iter().rev();
        let last = events.find(|place| place.account_id == *id);
        last.map_or(0, |place| place.sequence)
    }
}

impl Batch {
    /// A batch that goes on with `entry` instead of writing a new one.
    pub fn going_on_with(entry: ReservedEntry) -> Self {
        Self {
            entry: Some(entry),
            ..Self::default()
        }
    }

    /// Turns all that the batch writes so far into a decoy: as many records of the same size, under names that mean
    /// nothing. What is added later is meant.
    ///
    /// # Errors
    /// [`Outage::Record`].
    pub fn become_decoy(&mut self) -> Result<(), Outage> {
        self.decoy = true;
        // The mail comes first, where `outbox::imitate_replace` finds it: it is the largest record.
        let mut writes = Vec::new();
        for (id, email, _) in std::mem::take(&mut self.mails) {
            writes.extend(outbox::insert(&id, &email, 0)?);
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

    /// Writes `value` under `key`.
    ///
    /// # Errors
    /// [`Outage::Record`].
    pub(super) fn put(&mut self, key: Key, value: &impl Serialize) -> Result<(), Outage> {
        self.writes.push((key, record::encode(value)?));
        Ok(())
    }

    /// Writes an account. If it is a new one, so are its index and its place in the list.
    pub fn account(&mut self, account: Account, epoch: Epoch) {
        if let Some(keys) = accounts::legacy_keys(&account) {
            // At once: nobody reads them beside the new record.
            self.expire(Timestamp::from_unix_millis(0), keys);
        }
        self.accounts.push((account, epoch));
    }

    /// Points from the digest of an account's address to it.
    ///
    /// # Errors
    /// [`Outage::Record`].
    pub fn address(&mut self, account: &Account) -> Result<(), Outage> {
        let pointer = Pointer {
            account_id: account.id.clone(),
        };
        self.put(keys::address(&account.email.digest()), &pointer)
    }

    /// Notes that an account came with a hash made elsewhere.
    pub fn note_foreign_hash(&mut self) {
        let mark = (keys::foreign_hashes(), b"{\"v\":1}".to_vec());
        self.writes.push(mark);
    }

    /// Notes an event, and has the portal told. Events of one account follow each other.
    pub fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Writes a mail, sealed, and has it delivered. Gives its id.
    ///
    /// # Errors
    /// [`Outage::Random`] or [`Outage::Record`].
    pub fn mail<E: Env>(
        &mut self,
        cx: &Cx<'_, E>,
        keyring: &Keyring,
        draft: Draft<'_>,
    ) -> Result<EmailId, Outage> {
        let id = EmailId::generate(cx.env.random())?;
        let mut nonce = [0; NONCE_BYTES];
        cx.env.random().fill(&mut nonce)?;
        let plaintext =
            serde_json::to_vec(draft.message).map_err(|_| Outage::Record("cannot be written"))?;
        let email = Email {
            kind: draft.kind,
            account_id: draft.account_id.clone(),
            state: EmailState::Pending,
            message: Some(keyring.seal(nonce, id.as_str(), &plaintext)),
            created_at: cx.now,
            updated_at: cx.now,
            discard_at: draft.discard_at,
            secret: None,
            attempts: 0,
            attempts_before: 0,
            next_attempt_at: Some(cx.now),
            last_error: None,
            provider: None,
        };
        self.mails.push((id.clone(), email, draft.secret));
        Ok(id)
    }

    /// Has `task` done by the entry's holder at once, and by others from when they may work the entry.
    pub fn task(&mut self, task: AgendaTask) {
        self.tasks.push((None, task));
    }

    /// Has `task` done at `at`.
    pub fn task_at(&mut self, at: Timestamp, task: AgendaTask) {
        self.tasks.push((Some(at), task));
    }

    /// Has `keys` deleted at `at`.
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

    /// Commits the batch: one round trip of numbers, one write. Its tasks are worked after the response.
    ///
    /// # Errors
    /// [`Outage`]. If it is of the write, it is not known whether that was done: see [`Numbered::write`].
    pub async fn commit<E: Env>(self, cx: &mut Cx<'_, E>) -> Result<Committed, Outage> {
        let numbered = self.number(cx).await?;
        numbered.commit(cx).await
    }

    /// Draws the numbers that the batch needs, in one round trip. What the request wants deleted later goes along.
    ///
    /// # Errors
    /// [`Outage::Store`]; nothing was written.
    pub async fn number<E: Env>(self, cx: &Cx<'_, E>) -> Result<Numbered, Outage> {
        let numbers = self.draw_numbers(cx).await?;
        Ok(Numbered {
            batch: self,
            numbers,
        })
    }

    /// Writes what needs no number, without an entry on the agenda: what is to be deleted later is put there after the
    /// response.
    ///
    /// # Errors
    /// [`Outage`] of the store. It may have been written.
    pub async fn write_unnumbered<E: Env>(mut self, cx: &mut Cx<'_, E>) -> Result<(), Outage> {
        cx.deferred.expiring.append(&mut self.expiring);
        cx.store().set_many(self.writes).await
    }

    /// Draws all numbers at the same time.
    async fn draw_numbers<E: Env>(&self, cx: &Cx<'_, E>) -> Result<Numbers, Outage> {
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
            match (self.decoy, count_of(&self.mails)) {
                (true, _) => draw(store, &keys::decoys(), 1).await,
                (false, 0) => Ok(0),
                (false, count) => draw(store, &keys::emails(), count).await,
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
        let events = async {
            if self.decoy {
                draw(store, &keys::events(&AccountId::placeholder()), 1).await?;
            }
            event_log::number(store, &self.events).await
        };
        let (entry, last_email, last_account, events) =
            futures::join!(entry, emails, accounts, events);
        Ok(Numbers {
            entry: entry?,
            events: events?,
            last_email: last_email?,
            last_account: last_account?,
        })
    }
}

impl Numbered {
    /// Whether the event of the account `id` is the first that the id ever had.
    #[must_use]
    pub fn begins(&self, id: &AccountId) -> bool {
        self.numbers.last_event_of(id) == 1
    }

    /// The epoch that the batch begins for `account`.
    #[must_use]
    pub fn epoch_of(&self, account: &Account) -> u64 {
        account.epoch_at(self.numbers.last_event_of(&account.id))
    }

    /// Writes the batch; its tasks are worked after the response.
    ///
    /// # Errors
    /// As with [`Numbered::write`].
    pub async fn commit<E: Env>(self, cx: &mut Cx<'_, E>) -> Result<Committed, Outage> {
        let mut committed = self.write(cx).await?;
        if let Some(entry) = committed.entry.take_if(|it| it.has_own()) {
            cx.deferred.entries.push(entry);
        }
        Ok(committed)
    }

    /// Writes the batch, and leaves its tasks to the caller.
    ///
    /// # Errors
    /// [`Outage`]. It is not known whether the batch was written: a store may do the work and lose the answer.
    pub async fn write<E: Env>(self, cx: &mut Cx<'_, E>) -> Result<Committed, Outage> {
        let Self { mut batch, numbers } = self;
        let entry = match (batch.entry.take(), numbers.entry) {
            (Some(entry), _) => Some(entry),
            (None, place) => place.map(|place| ReservedEntry::own(place, cx.now)),
        };
        let mut committed = Committed {
            accounts: Vec::new(),
            events: numbers.events.clone(),
            entry,
        };
        batch.write_accounts(&numbers, &mut committed)?;
        batch.write_mails(&numbers, &committed)?;
        batch.write_events(numbers.events, cx.notifies)?;
        if let Some(reserved) = &mut committed.entry {
            let until = reserved.until;
            let tasks = batch.tasks.into_iter().map(|(at, task)| DueTask {
                at: at.unwrap_or(until),
                own: at.is_none(),
                task,
            });
            reserved.entry.tasks.extend(tasks);
            reserved.entry.expiring.append(&mut batch.expiring);
            // They stay the request's until they are known to be written.
            let expiring = &cx.deferred.expiring;
            reserved.entry.expiring.extend(expiring.iter().cloned());
            batch.writes.push(reserved.write()?);
        }
        cx.store().set_many(batch.writes).await?;
        if committed.entry.is_some() {
            cx.deferred.expiring.clear();
        }
        Ok(committed)
    }
}

impl Batch {
    /// Gives the accounts their epochs and numbers.
    fn write_accounts(
        &mut self,
        numbers: &Numbers,
        committed: &mut Committed,
    ) -> Result<(), Outage> {
        let begun = self
            .accounts
            .iter()
            .filter(|it| it.1 == Epoch::Begin)
            .count();
        let begun = i64::try_from(begun).unwrap_or(i64::MAX);
        let mut number = numbers.last_account.saturating_sub(begun);
        for (mut account, epoch) in std::mem::take(&mut self.accounts) {
            let raised = account.epoch_at(numbers.last_event_of(&account.id));
            if epoch != Epoch::Keep {
                account.epoch = raised;
            }
            if matches!(epoch, Epoch::Begin | Epoch::SetCredential)
                && let Some(credential) = &mut account.credential
            {
                credential.epoch = raised;
            }
            if epoch == Epoch::Begin {
                number = number.saturating_add(1);
                account.number = number;
                self.address(&account)?;
                let pointer = Pointer {
                    account_id: account.id.clone(),
                };
                self.put(keys::account_at(number), &pointer)?;
            }
            let bytes = record::encode_as(accounts::VERSION, &account)?;
            self.writes.push((keys::account(&account.id), bytes));
            committed.accounts.push(account);
        }
        Ok(())
    }

    /// Gives the mails their places in the list, puts them on the agenda, and has them forgotten in a month.
    fn write_mails(&mut self, numbers: &Numbers, committed: &Committed) -> Result<(), Outage> {
        let count = count_of(&self.mails);
        let mut number = numbers.last_email.saturating_sub(count);
        for (id, mut email, secret) in std::mem::take(&mut self.mails) {
            number = number.saturating_add(1);
            email.secret = secret.map(|secret| match secret {
                DraftSecret::Challenge(serial) => MailSecret::Challenge { serial },
                DraftSecret::NewPassword => MailSecret::Password {
                    epoch: committed
                        .accounts
                        .iter()
                        .find(|account| account.id == email.account_id)
                        .map_or(0, |account| account.epoch),
                },
            });
            self.writes.extend(outbox::insert(&id, &email, number)?);
            self.expire(
                email.created_at.plus(EMAILS_KEPT_FOR),
                outbox::keys_of(&id, number),
            );
            self.task(AgendaTask::Deliver {
                email_id: id,
                attempt: 1,
            });
        }
        Ok(())
    }

    /// Writes the events under their numbers, has the portal told of them, and has them forgotten in 90 days.
    fn write_events(&mut self, places: Vec<EventPlace>, notifies: bool) -> Result<(), Outage> {
        for (event, place) in std::mem::take(&mut self.events).into_iter().zip(places) {
            self.expire(
                event.at.plus(event_log::KEPT_FOR),
                [event_log::key(&place).into()],
            );
            self.writes.push(event_log::write(&place, event)?);
            if notifies {
                self.task(AgendaTask::Notify {
                    event: place,
                    attempt: 1,
                });
            }
        }
        Ok(())
    }
}

fn count_of<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
