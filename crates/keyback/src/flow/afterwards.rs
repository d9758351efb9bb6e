//! What a request still does once its answer has left.
//!
//! Nothing here is needed for the answer to be true: what must not be lost is on the agenda already, and whoever works
//! the agenda next picks up what a crash leaves.

use std::time::Duration;

use crate::flow::rehash::{self, Rehash};
use crate::flow::round::{Budget, Round};
use crate::flow::work_agenda;
use crate::model::agenda_task::AgendaTask;
use crate::model::log_line::LogLine;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Log, Outage};
use crate::store::agenda::{self, Place};
use crate::store::keys::{AnyKey, CounterKey, Key};
use crate::store::limiter::Spent;

/// How long whoever put an entry on the agenda has it for itself.
const OWN_TIME: Duration = Duration::from_mins(1);

/// An entry that this request put on the agenda and works itself, before it is due for anyone else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnEntry {
    place: Place,
    task: AgendaTask,
    until: Timestamp,
}

impl OwnEntry {
    /// An entry taken at `now`.
    #[must_use]
    pub fn new(place: Place, task: AgendaTask, now: Timestamp) -> Self {
        Self {
            place,
            task,
            until: now.plus(OWN_TIME),
        }
    }

    /// When it is due for others.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Where it stands.
    #[must_use]
    pub fn key(&self) -> Key {
        self.place.key()
    }

    /// What is to be done.
    #[must_use]
    pub const fn task(&self) -> &AgendaTask {
        &self.task
    }
}

/// All of it.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "the work after an answer must be run"]
pub struct Afterwards {
    entries: Vec<OwnEntry>,
    give_back: Option<CounterKey>,
    delete: Vec<AnyKey>,
    forget: Vec<Spent>,
    rehash: Option<Rehash>,
}

impl Afterwards {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Work off `entry`.
    pub fn work(entry: OwnEntry) -> Self {
        let mut afterwards = Self::default();
        afterwards.also_work(entry);
        afterwards
    }

    /// Put the counter that this request opened on the agenda for deletion.
    pub fn forget(opened: Option<Spent>) -> Self {
        Self {
            forget: opened.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Work off `entry`, too.
    pub fn also_work(&mut self, entry: OwnEntry) {
        self.entries.push(entry);
    }

    /// Give an attempt back.
    pub fn give_back(&mut self, counter: CounterKey) {
        self.give_back = Some(counter);
    }

    /// Delete `key`.
    pub fn delete(&mut self, key: AnyKey) {
        self.delete.push(key);
    }

    /// Delete what is named `key` at `at`.
    pub fn forget_at(&mut self, key: AnyKey, at: Timestamp) {
        self.forget.push(Spent { key, ends_at: at });
    }

    /// Store a newer hash of a right password.
    pub fn rehash(&mut self, rehash: Rehash) {
        self.rehash = Some(rehash);
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Does it. Failures are logged; what matters is on the agenda and will be tried again.
    pub async fn run<E: Env>(mut self, env: &E) {
        let entries = std::mem::take(&mut self.entries);
        self.tidy(env).await;
        if let Err(outage) = work_all(env, entries).await {
            env.log().write(&LogLine::WorkFailed { outage });
        }
    }

    /// Does it but for working entries off, which are left to whoever works the agenda: for components that neither
    /// issue nor deliver, and so need not carry the code for it.
    pub async fn tidy<E: Env>(self, env: &E) {
        if let Err(outage) = self.try_tidy(env).await {
            env.log().write(&LogLine::WorkFailed { outage });
        }
    }

    async fn try_tidy<E: Env>(self, env: &E) -> Result<(), Outage> {
        let store = env.store();
        if let Some(rehash) = self.rehash {
            rehash::run(store, rehash).await?;
        }
        if let Some(counter) = self.give_back {
            store.increment(&counter, -1).await?;
        }
        if !self.delete.is_empty() {
            store.delete_many(self.delete).await?;
        }
        for Spent { key, ends_at } in self.forget {
            let keys = vec![key.as_str().to_owned()];
            // In the past, nobody would find it.
            let due_at = ends_at.max(env.clock().now());
            let placed = agenda::place(store, due_at, AgendaTask::Forget { keys }).await?;
            store.set_many(placed.writes).await?;
        }
        Ok(())
    }
}

/// Works `entries` off.
async fn work_all<E: Env>(env: &E, entries: Vec<OwnEntry>) -> Result<(), Outage> {
    let is_first_request = entries
        .iter()
        .any(|entry| entry.place.is_first() && entry.place.is_request());
    work_agenda::work_own(env, entries, &Round::default()).await?;
    if is_first_request {
        // Once a minute at most, and so always when there is little to do, somebody looks what is due.
        work_agenda::run(env, env.clock().now(), Budget::Few).await?;
    }
    Ok(())
}
