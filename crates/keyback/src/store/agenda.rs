//! The agenda: what is due when, over a store that can neither expire nor list.
//!
//! Time is cut into minutes. An entry takes the next number of its minute's slot counter and is stored under minute and
//! number, together with marks that its hour and its day hold something. Whoever works the agenda walks from the cursor
//! to now, over marked days, marked hours and the minutes in them, and reads each number up to the counter. A minute is
//! settled once it is long past and has no entry left; then its counters go, and the cursor moves on. Nothing ever
//! lists keys, and the cost follows what is due.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::agenda_task::AgendaTask;
use crate::model::timestamp::Timestamp;
use crate::ports::{KeyValue, Outage};
use crate::store::keys::{self, AnyKey, Key, Lane};
use crate::store::{lease, record};

/// How long after a minute its entries must all have been written: a writer takes its number first and stores its
/// entry next, and one that has not done so by then has died.
const SETTLING: Duration = Duration::from_mins(2);
/// Where the first walk of all starts: 2026-01-01, before which there was no store to walk. Starting any later than the
/// oldest entry would leave it for ever.
const FIRST_DAY: u64 = 20_454;
/// How many keys are deleted in one call.
const DELETE_AT_ONCE: usize = 500;

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    due_at: Timestamp,
    task: AgendaTask,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    lane: Lane,
    minute: u64,
    slot: i64,
}

impl Place {
    /// The entry's key.
    #[must_use]
    pub fn key(self) -> Key {
        keys::agenda(self.lane, self.minute, self.slot)
    }

    /// The name under which the entry is leased.
    #[must_use]
    pub fn lease_name(self) -> String {
        format!("{}.{}.{}", self.lane as u8, self.minute, self.slot)
    }

    /// When its minute began.
    #[must_use]
    pub const fn minute_start(self) -> Timestamp {
        Timestamp::from_unix_millis(self.minute.saturating_mul(60_000))
    }

    /// Its number in its minute and lane, from 1.
    #[must_use]
    pub const fn slot(self) -> i64 {
        self.slot
    }

    /// Whether it is among the recovery requests.
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self.lane, Lane::Requests)
    }

    /// Whether this is the first entry of its minute and lane.
    #[must_use]
    pub const fn is_first(self) -> bool {
        self.slot == 1
    }
}

/// An entry that has its number and is not stored yet: store all `writes` in one call.
#[derive(Debug)]
pub struct Placed {
    /// Where it will stand.
    pub place: Place,
    /// The entry and its marks.
    pub writes: Vec<(Key, Vec<u8>)>,
}

/// A minute's next number.
///
/// # Errors
/// [`Outage::Store`].
pub async fn take_slot(store: &impl KeyValue, lane: Lane, at: Timestamp) -> Result<Place, Outage> {
    let minute = minute_of(at);
    let slot = store.increment(&keys::slots(lane, minute), 1).await?;
    Ok(Place { lane, minute, slot })
}

/// Gives a number back that no entry will use, so that refused calls leave no row of empty slots to walk over.
///
/// Only numbers above a limit are given back, and all of those are refused: no number in use is given out twice.
///
/// # Errors
/// [`Outage::Store`].
pub async fn return_slot(store: &impl KeyValue, place: Place) -> Result<(), Outage> {
    let key = keys::slots(place.lane, place.minute);
    store.increment(&key, -1).await.map(|_| ())
}

/// The entry for `task` at `place`, due at `due_at`, which is not before the place's minute.
///
/// # Errors
/// [`Outage::Record`].
pub fn place_at(place: Place, due_at: Timestamp, task: AgendaTask) -> Result<Placed, Outage> {
    let mut writes = marks(place.minute);
    writes.push((place.key(), record::encode(&Entry { due_at, task })?));
    Ok(Placed { place, writes })
}

/// Takes a number in the minute of `due_at`, which must not be in the past, and makes the entry for `task`. The marks
/// are stored first: whoever dies between the number and the entry leaves a counter that a walk comes by.
///
/// # Errors
/// [`Outage::Store`] or [`Outage::Record`].
pub async fn place(
    store: &impl KeyValue,
    due_at: Timestamp,
    task: AgendaTask,
) -> Result<Placed, Outage> {
    store.set_many(marks(minute_of(due_at))).await?;
    let place = take_slot(store, Lane::Tasks, due_at).await?;
    let entry = (place.key(), record::encode(&Entry { due_at, task })?);
    Ok(Placed {
        place,
        writes: vec![entry],
    })
}

/// What tells a walk that there is something in this minute.
fn marks(minute: u64) -> Vec<(Key, Vec<u8>)> {
    let hour = hour_of(minute);
    [keys::agenda_hour(hour), keys::agenda_day(day_of(hour))]
        .map(|mark| (mark, b"{\"v\":1}".to_vec()))
        .into()
}

/// An entry found on a walk.
#[derive(Debug)]
pub struct Found {
    /// Where it stands.
    pub place: Place,
    /// When it is due.
    pub due_at: Timestamp,
    /// What to do.
    pub task: AgendaTask,
}

/// The entry at `place`, unless it is done.
///
/// # Errors
/// [`Outage::Store`] or [`Outage::Record`].
pub async fn find(store: &impl KeyValue, place: Place) -> Result<Option<Found>, Outage> {
    let entry: Option<Entry> = record::find(store, &place.key()).await?;
    Ok(entry.map(|Entry { due_at, task }| Found {
        place,
        due_at,
        task,
    }))
}

/// A walk over the agenda, minute by minute.
#[derive(Debug)]
pub struct Walk {
    now: Timestamp,
    start: u64,
    minute: u64,
    /// All before this minute is settled.
    settled: u64,
    /// No later minute can be settled since an earlier one is not.
    blocked: bool,
    /// The marks met on the way, each with the minute at which its hour or day ends.
    marks: Vec<(Key, u64)>,
}

/// The entries that a minute has had so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minute {
    minute: u64,
    counts: [i64; Lane::ALL.len()],
}

impl Minute {
    /// All places of the minute, in both lanes.
    pub fn places(self) -> impl Iterator<Item = Place> {
        Lane::ALL
            .into_iter()
            .zip(self.counts)
            .flat_map(move |(lane, count)| {
                (1..=count).map(move |slot| Place {
                    lane,
                    minute: self.minute,
                    slot,
                })
            })
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    minute: u64,
}

impl Walk {
    /// Starts at the cursor.
    ///
    /// # Errors
    /// [`Outage::Store`] or [`Outage::Record`].
    pub async fn start(store: &impl KeyValue, now: Timestamp) -> Result<Self, Outage> {
        let cursor = record::find::<Cursor>(store, &keys::agenda_cursor())
            .await?
            .map(|cursor| cursor.minute);
        let minute = cursor.unwrap_or(FIRST_DAY.saturating_mul(24 * 60));
        Ok(Self {
            now,
            start: minute,
            minute,
            settled: minute,
            blocked: false,
            marks: Vec::new(),
        })
    }

    /// The next minute, up to the current one, that anyone took a slot of; `None` when there is none left.
    ///
    /// # Errors
    /// [`Outage::Store`].
    pub async fn next(&mut self, store: &impl KeyValue) -> Result<Option<Minute>, Outage> {
        let last = minute_of(self.now);
        while self.minute <= last {
            let hour = hour_of(self.minute);
            let starting = self.minute == self.start;
            if starting || self.minute.is_multiple_of(60) {
                let day = day_of(hour);
                let at_day = starting || hour.is_multiple_of(24);
                let day_ends = day.saturating_add(1).saturating_mul(24 * 60);
                if at_day
                    && !self
                        .is_marked(store, keys::agenda_day(day), day_ends)
                        .await?
                {
                    self.skip_to(day_ends);
                    continue;
                }
                let hour_ends = hour.saturating_add(1).saturating_mul(60);
                if !self
                    .is_marked(store, keys::agenda_hour(hour), hour_ends)
                    .await?
                {
                    self.skip_to(hour_ends);
                    continue;
                }
            }
            let minute = self.minute;
            self.minute = minute.saturating_add(1);
            let mut counts = [0; Lane::ALL.len()];
            let mut touched = false;
            for (lane, count) in Lane::ALL.into_iter().zip(&mut counts) {
                let key = keys::slots(lane, minute);
                // Reading an absent counter would create it.
                if store.exists(&key.clone().into()).await? {
                    touched = true;
                    *count = store.increment(&key, 0).await?;
                }
            }
            if touched {
                return Ok(Some(Minute { minute, counts }));
            }
            self.settle_up_to(minute.saturating_add(1));
        }
        Ok(None)
    }

    /// Notes that `minute` has no entry left (`done`) or has some. A minute without entries that is long past loses
    /// its counters.
    ///
    /// # Errors
    /// [`Outage::Store`].
    pub async fn leave(
        &mut self,
        store: &impl KeyValue,
        minute: Minute,
        done: bool,
    ) -> Result<(), Outage> {
        if !done || !self.is_past(minute.minute) {
            self.blocked = true;
            return Ok(());
        }
        let mut spent: Vec<AnyKey> = minute
            .places()
            .flat_map(|place| lease::counters(&place.lease_name()))
            .collect();
        spent.extend(Lane::ALL.map(|lane| keys::slots(lane, minute.minute).into()));
        for keys in spent.chunks(DELETE_AT_ONCE) {
            store.delete_many(keys.to_vec()).await?;
        }
        self.settle_up_to(minute.minute.saturating_add(1));
        Ok(())
    }

    /// Stores how far all is settled, and deletes the marks of the hours and days before.
    ///
    /// # Errors
    /// [`Outage::Store`] or [`Outage::Record`].
    pub async fn finish(self, store: &impl KeyValue) -> Result<(), Outage> {
        if self.settled == self.start {
            return Ok(());
        }
        let is_spent = |(_, ends): &(Key, u64)| *ends <= self.settled;
        let spent = self.marks.into_iter().filter(is_spent);
        let spent: Vec<AnyKey> = spent.map(|(mark, _)| mark.into()).collect();
        for keys in spent.chunks(DELETE_AT_ONCE) {
            store.delete_many(keys.to_vec()).await?;
        }
        let cursor = record::encode(&Cursor {
            minute: self.settled,
        })?;
        store.set_many(vec![(keys::agenda_cursor(), cursor)]).await
    }

    /// Whether there is a `mark` for the hour or day that `ends` at that minute.
    async fn is_marked(
        &mut self,
        store: &impl KeyValue,
        mark: Key,
        ends: u64,
    ) -> Result<bool, Outage> {
        let exists = store.exists(&mark.clone().into()).await?;
        if exists {
            self.marks.push((mark, ends));
        }
        Ok(exists)
    }

    fn skip_to(&mut self, minute: u64) {
        self.minute = minute;
        self.settle_up_to(minute);
    }

    /// All before `minute` is done; what is not long past stays open for writers that have their number already.
    fn settle_up_to(&mut self, minute: u64) {
        let past = minute_of(self.now.minus(SETTLING));
        if !self.blocked {
            self.settled = self.settled.max(minute.min(past));
            self.blocked = minute > past;
        }
    }

    fn is_past(&self, minute: u64) -> bool {
        minute < minute_of(self.now.minus(SETTLING))
    }
}

fn minute_of(time: Timestamp) -> u64 {
    time.unix_seconds() / 60
}

const fn hour_of(minute: u64) -> u64 {
    minute / 60
}

const fn day_of(hour: u64) -> u64 {
    hour / 24
}
