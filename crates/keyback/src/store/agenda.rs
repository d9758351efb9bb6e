//! The agenda: what is due when, in a store that can neither expire nor list.
//!
//! **Entries.** Each batch that leaves work writes one entry under the next number of its lane. An entry has tasks,
//! each due at a time, and keys to be deleted at a time. Working an entry rewrites it in place; one with nothing left
//! is empty. So a request's whole follow-up costs one number, and each step is written together with its effects.
//!
//! **Parking.** The worker walks the entries from the last settled number up. Work that is due much later moves to the
//! [`calendar`], merged with everything else that is due at about the same time, and the settled entries are deleted.
//!
//! Numbers do not depend on a clock, and the calendar lists its minutes. So a clock that was wrong for a while hides
//! nothing, and only entries that exist are walked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::EventPlace;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::keys::{self, Key, Lane};
use crate::store::{draw, record};

pub mod calendar;
pub mod legacy;
mod oldest;
mod state;
#[cfg(test)]
mod tests;

pub use oldest::find_oldest_due;
pub use state::State;

/// How long an entry is reserved for the request that wrote it.
pub const OWN_TIME: Duration = Duration::from_mins(1);
/// How many entries are read at a time.
const READ_AT_ONCE: i64 = 32;

/// A task and when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueTask {
    /// When the task is due.
    pub at: Timestamp,
    /// The task. It can run twice without harm.
    pub task: AgendaTask,
    /// Whether the writer of the entry does it at once. Not stored: for others, it is due at its time.
    #[serde(skip)]
    pub own: bool,
}

impl DueTask {
    /// Whether it may be run at `now`.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.own || self.at <= now
    }
}

/// Keys to be deleted once they are no longer needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {
    /// The earliest time of the deletion. It may be up to a day later.
    pub at: Timestamp,
    /// Names of values and counters, as stored.
    pub keys: Vec<String>,
}

/// The content of one entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The tasks to run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<DueTask>,
    /// The keys to delete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expiring: Vec<Expiring>,
    /// The events that were written with it, to be added to the feed of all events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventPlace>,
}

impl Entry {
    /// Whether nothing is left of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.expiring.is_empty() && self.events.is_empty()
    }

    /// Whether a task is left that will record an event in this entry.
    fn awaits_events(&self) -> bool {
        let mut tasks = self.tasks.iter();
        tasks.any(|due| matches!(due.task, AgendaTask::Recover { .. }))
    }

    /// Whether a task is due by `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.tasks.iter().any(|task| task.at <= now)
    }
}

/// The position of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The sequence that the number belongs to.
    pub lane: Lane,
    /// Its number there, from 1.
    pub number: i64,
}

impl Place {
    /// The name of the lease under which anyone but its writer works the entry.
    #[must_use]
    pub fn lease_name(self) -> String {
        format!("entry.{}.{}", self.lane.letter(), self.number)
    }

    /// Takes the next place of `lane`. It may remain without an entry.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    pub async fn take(store: &impl KeyValue, lane: Lane) -> Result<Self, Unavailable> {
        let number = draw(store, &keys::journal(lane), 1).await?;
        Ok(Self { lane, number })
    }

    pub(super) fn key(self) -> Key {
        keys::entry(self.lane, self.number)
    }
}

/// An entry that only the caller may work for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedEntry {
    /// The lane and number of the entry.
    pub place: Place,
    /// What is left of it.
    pub entry: Entry,
    /// When others may work it.
    pub until: Timestamp,
    /// Whether a request wrote it for itself. In that case no lease keeps others away: they may work it once a task in
    /// it is due.
    pub is_own: bool,
}

impl ReservedEntry {
    /// An entry that a request writes at `now` and works itself after its response. For others, its tasks are due in a
    /// minute.
    #[must_use]
    pub fn own(place: Place, now: Timestamp) -> Self {
        let until = now.plus(OWN_TIME);
        Self {
            place,
            entry: Entry::default(),
            until,
            is_own: true,
        }
    }

    /// Ends a request's reservation of its own entry when the first task in it is due for others.
    pub(super) fn leave_to_others_in_time(&mut self) {
        let first = self.entry.tasks.iter().map(|task| task.at).min();
        if let Some(first) = first.filter(|_| self.is_own) {
            self.until = self.until.min(first);
        }
    }

    /// Whether there is anything to do at once.
    #[must_use]
    pub fn has_own(&self) -> bool {
        self.entry.tasks.iter().any(|task| task.own)
    }

    /// Refuses work that takes up to `time`, or a write if `time` is zero, unless it ends before others may work the
    /// entry. A batch that continues the entry checks the time of its write itself.
    ///
    /// # Errors
    /// [`Unavailable::Store`]; the next one to work the entry does it.
    pub fn check(&self, now: Timestamp, time: Duration) -> Result<(), Unavailable> {
        if now.plus(time) < self.until {
            Ok(())
        } else {
            Err(Unavailable::Store(
                "too late to work on an agenda entry".to_owned(),
            ))
        }
    }

    /// Stores what is left of it.
    ///
    /// # Errors
    /// [`Unavailable`] of the store, and if others may already work the entry.
    pub async fn save<E: Env>(&self, env: &E) -> Result<(), Unavailable> {
        self.check(env.clock().now(), Duration::ZERO)?;
        env.store().set_many(vec![self.write()?]).await
    }

    pub(super) fn write(&self) -> Result<(Key, Vec<u8>), Unavailable> {
        Ok((self.place.key(), record::encode(&self.entry)?))
    }
}

/// The entry at `place`; `None` if it was never written, or is settled.
///
/// # Errors
/// [`Unavailable`] of the store; [`Unavailable::Record`] for one that cannot be read.
pub async fn find(store: &impl KeyValue, place: Place) -> Result<Option<Entry>, Unavailable> {
    record::find(store, &place.key()).await
}

/// An entry as a walk finds it. The caller decides what to do with an unreadable one.
pub type AgendaEntry = (Place, Result<Option<Entry>, Unavailable>);

/// A walk over all unsettled entries.
#[derive(Debug)]
pub struct Walk {
    lanes: Vec<(Lane, i64, i64)>,
    is_clean: bool,
}

impl Walk {
    /// Starts at the first entry that is unsettled according to `state`.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn start(store: &impl KeyValue, state: &State) -> Result<Self, Unavailable> {
        let heads = Lane::ALL.map(|lane| async move { head(store, lane).await });
        let mut lanes = Vec::new();
        for (lane, head) in Lane::ALL
            .into_iter()
            .zip(futures::future::join_all(heads).await)
        {
            lanes.push((lane, state.settled(lane).saturating_add(1), head?));
        }
        let is_clean = state.is_clean();
        Ok(Self { lanes, is_clean })
    }

    /// The last number of each lane when the walk began.
    #[must_use]
    pub fn heads(&self) -> [i64; Lane::ALL.len()] {
        Lane::ALL.map(|lane| {
            let mut lanes = self.lanes.iter();
            lanes.find(|it| it.0 == lane).map_or(0, |it| it.2)
        })
    }

    /// Whether there is an entry that is unsettled, or settled but not yet deleted.
    #[must_use]
    pub fn finds_any(&self) -> bool {
        !self.is_clean || self.lanes.iter().any(|(_, from, head)| from <= head)
    }

    /// The next entries; empty when all have been seen.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    pub async fn next(&mut self, store: &impl KeyValue) -> Result<Vec<AgendaEntry>, Unavailable> {
        let Some((lane, from, head)) = self.lanes.iter_mut().find(|(_, from, head)| from <= head)
        else {
            return Ok(Vec::new());
        };
        let last = from.saturating_add(READ_AT_ONCE - 1).min(*head);
        let places = (*from..=last).map(|number| Place {
            lane: *lane,
            number,
        });
        *from = last.saturating_add(1);
        read(store, places.collect()).await
    }
}

/// The last number that was drawn in `lane`.
pub(super) async fn head(store: &impl KeyValue, lane: Lane) -> Result<i64, Unavailable> {
    super::read_counter(store, &keys::journal(lane)).await
}

/// Reads entries concurrently. A failing store ends it; an unreadable entry does not.
pub(super) async fn read(
    store: &impl KeyValue,
    places: Vec<Place>,
) -> Result<Vec<AgendaEntry>, Unavailable> {
    let found = places.iter().map(|place| find(store, *place));
    let found = futures::future::join_all(found).await;
    places
        .into_iter()
        .zip(found)
        .map(|found| match found {
            (_, Err(outage @ Unavailable::Store(_))) => Err(outage),
            found => Ok(found),
        })
        .collect()
}
