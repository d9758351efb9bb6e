//! A batch with its numbers, and the one write.

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{EmailState, MailSecret};
use crate::model::event::EventPlace;
use crate::model::id::AccountId;
use crate::model::measured::Measured;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::accounts::{self, Folding, Pointer};
use crate::store::agenda::{DueTask, Place, ReservedEntry};
use crate::store::batch::{Batch, Committed, DraftSecret, Epoch, count_of, is_listed_anew};
use crate::store::cx::Cx;
use crate::store::keys;
use crate::store::outbox::records;
use crate::store::{directory, event_log, record};

/// A batch with its numbers, not yet written.
#[derive(Debug)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Numbered {
    pub(super) batch: Batch,
    pub(super) numbers: Numbers,
}

/// The numbers that a batch needs.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) entry: Option<Place>,
    pub(super) events: Vec<EventPlace>,
    pub(super) last_email: i64,
    pub(super) last_account: i64,
    pub(super) last_change: i64,
}

impl Numbers {
    /// The number of the first event of the account `id`.
    fn first_event_of(&self, id: &AccountId) -> i64 {
        let mut events = self.events.iter();
        let first = events.find(|place| place.account_id == *id);
        first.map_or(0, |place| place.sequence)
    }

    /// The number of the last event of the account `id`: that is what begins its credential epoch.
    fn last_event_of(&self, id: &AccountId) -> i64 {
        let mut events = self.events.iter().rev();
        let last = events.find(|place| place.account_id == *id);
        last.map_or(0, |place| place.sequence)
    }
}

impl Numbered {
    /// Whether the first event of the account `id` in this batch is the first that the id ever had.
    #[must_use]
    pub fn begins(&self, id: &AccountId) -> bool {
        self.numbers.first_event_of(id) == 1
    }

    /// Lets `add` write records that contain the epoch which the batch starts for `account`. It must not add anything
    /// that needs a number.
    ///
    /// # Errors
    /// Those of `add`.
    pub fn insert<T>(
        &mut self,
        account: &Account,
        add: impl FnOnce(&mut Batch, u64) -> Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let epoch = self.epoch_of(account);
        add(&mut self.batch, epoch)
    }

    /// The epoch that the batch starts for `account`.
    #[must_use]
    pub fn epoch_of(&self, account: &Account) -> u64 {
        account.epoch_at(self.numbers.last_event_of(&account.id))
    }

    /// The deadline for writing the batch: the end of its lease or turn, or the time when others may work the entry
    /// that it continues.
    fn until(&self) -> Option<Timestamp> {
        let entry = self.batch.entry.as_ref().map(|entry| entry.until);
        self.batch.until.into_iter().chain(entry).min()
    }

    /// Writes the batch; its tasks run after the response.
    ///
    /// # Errors
    /// As with [`Numbered::write`].
    pub async fn commit<E: Env>(self, cx: &mut Cx<'_, E>) -> Result<Committed, Unavailable> {
        let mut committed = self.write(cx).await?;
        if let Some(entry) = committed.entry.take_if(|it| it.has_own()) {
            cx.deferred.entries.push(entry);
        }
        Ok(committed)
    }

    /// Writes the batch, and leaves its tasks to the caller.
    ///
    /// # Errors
    /// [`Unavailable`], also if the deadline has passed. It is unknown whether the batch was written: a store may do
    /// the work and lose the answer.
    pub async fn write<E: Env>(self, cx: &mut Cx<'_, E>) -> Result<Committed, Unavailable> {
        let until = self.until();
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
        let changes = batch.listing_changes();
        let new_mails = batch.mails.len();
        batch.write_accounts(&numbers, cx.now, &mut committed)?;
        batch.write_mails(&numbers, &committed)?;
        batch.write_events(numbers.events, cx.notifies)?;
        if let Some(reserved) = &mut committed.entry {
            reserved
                .entry
                .events
                .extend(committed.events.iter().cloned());
            let until = reserved.until;
            let tasks = batch.tasks.into_iter().map(|(at, task)| DueTask {
                at: at.unwrap_or(until),
                own: at.is_none(),
                task,
            });
            reserved.entry.tasks.extend(tasks);
            reserved.leave_to_others_in_time();
            reserved.entry.expiring.append(&mut batch.expiring);
            // They stay with the request until they are known to be written.
            let expiring = &cx.deferred.expiring;
            reserved.entry.expiring.extend(expiring.iter().cloned());
            batch.writes.push(reserved.write()?);
        }
        // As late as possible, so that only a delay between here and the store can make the write late.
        let now = cx.env.clock().now();
        if until.is_some_and(|until| now >= until) {
            return Err(Unavailable::Store("the write took too long".to_owned()));
        }
        if batch.uses_claim {
            // From here on it may be used, whatever the store answers.
            cx.deferred.unused_claim = None;
        }
        let written = cx.store().set_many(batch.writes).await;
        cx.is_write_unknown |= written.is_err();
        written?;
        for _ in 0..new_mails {
            cx.env.meter().note(&Measured::Email {
                state: EmailState::Pending,
                provider: None,
            });
        }
        cx.deferred.follows_directory |= directory::is_far_behind(numbers.last_change, changes);
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
        now: Timestamp,
        committed: &mut Committed,
    ) -> Result<(), Unavailable> {
        let begun = self
            .accounts
            .iter()
            .filter(|it| it.1 == Epoch::Begin)
            .count();
        let begun = i64::try_from(begun).unwrap_or(i64::MAX);
        let mut number = numbers.last_account.saturating_sub(begun);
        let mut change = numbers.last_change.saturating_sub(self.listing_changes());
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
                if number == 1 {
                    self.writes.push(directory::write_begun()?);
                    self.put(keys::folding(), &Folding::NOTHING)?;
                }
            }
            if is_listed_anew(&account) {
                change = change.saturating_add(1);
                let write = directory::write_change(change, &account.id, account.number, false)?;
                self.writes.push(write);
            }
            // Rehashing the same password is not an event, and changes nothing visible.
            if numbers.last_event_of(&account.id) > 0 {
                account.updated_at = Some(now);
            }
            let bytes = record::encode_as(accounts::VERSION, &account)?;
            self.writes.push((keys::account(&account.id), bytes));
            committed.accounts.push(account);
        }
        for (id, number) in &self.unlisted {
            change = change.saturating_add(1);
            self.writes
                .push(directory::write_change(change, id, *number, true)?);
        }
        Ok(())
    }

    /// Gives the emails their places in the list, puts them on the agenda, and schedules their deletion in a month.
    fn write_mails(&mut self, numbers: &Numbers, committed: &Committed) -> Result<(), Unavailable> {
        let count = count_of(&self.mails);
        let mut number = numbers.last_email.saturating_sub(count);
        for (id, mut email, secret) in std::mem::take(&mut self.mails) {
            number = number.saturating_add(1);
            email.secret = secret.map(|secret| match secret {
                DraftSecret::Challenge { serial, .. } => MailSecret::Challenge { serial },
                DraftSecret::NewPassword => MailSecret::Password {
                    epoch: committed
                        .accounts
                        .iter()
                        .find(|account| account.id == email.account_id)
                        .map_or(0, |account| account.epoch),
                },
            });
            self.writes.extend(records::insert(&id, &email, number)?);
            self.expire(
                email.created_at.plus(records::KEPT_FOR),
                records::keys_of(&id, number),
            );
            self.task(AgendaTask::Deliver {
                email_id: id,
                attempt: 1,
            });
        }
        Ok(())
    }

    /// Writes the events under their numbers, notifies the portal of them, and schedules their deletion in 90 days.
    fn write_events(&mut self, places: Vec<EventPlace>, notifies: bool) -> Result<(), Unavailable> {
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
