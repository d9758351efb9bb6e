//! How far the agenda is settled, and which parts are parked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::ports::{KeyValue, Unavailable};
use crate::store::agenda::{Entry, Place};
use crate::store::keys::{self, Key, Lane};
use crate::store::record;

/// How long after its number was seen an entry must have been written. If its writer has not written it by then, it has
/// died.
const SETTLING: Duration = Duration::from_mins(2);
/// How long an entry that this version cannot read stays. A newer version may be able to.
const UNREADABLE_FOR: Duration = Duration::from_hours(24);

/// How far the agenda is settled, and which parts are parked. Changed only under the agenda's lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    #[serde(default)]
    pub(super) requests: LaneState,
    #[serde(default)]
    pub(super) tasks: LaneState,
    /// The minutes with parked parts, and the numbers of those parts.
    #[serde(default)]
    pub(super) parked: BTreeMap<u64, Parts>,
    /// Processed parts, to be deleted.
    #[serde(default)]
    pub(super) spent: Vec<(u64, u64)>,
    /// Whether no agenda of the previous layout is left.
    #[serde(default)]
    pub(super) moved_in: bool,
}

/// How far one lane is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaneState {
    /// All entries up to this number are settled.
    pub(super) settled: i64,
    /// All entries up to this number are also deleted.
    pub(super) cleaned: i64,
    /// The events of all entries up to this number are in the feed of all events.
    #[serde(default)]
    pub(super) fed: i64,
    /// The last number when entries were last parked.
    #[serde(default)]
    pub(super) seen: i64,
    /// Numbers without a readable entry, and when each was first seen so.
    #[serde(default)]
    pub(super) waiting: BTreeMap<i64, Timestamp>,
}

impl LaneState {
    /// Earlier versions did not feed events, so all settled entries count as fed.
    pub(super) fn fed(&self) -> i64 {
        self.fed.max(self.settled)
    }

    /// Whether to wait at `now` for the entry at `place`: it may still be written, or a newer version may read it.
    pub(super) fn awaits(
        &mut self,
        place: &Place,
        found: &Result<Option<Entry>, Unavailable>,
        now: Timestamp,
    ) -> bool {
        let patience = match found {
            Ok(Some(_)) => return false,
            Ok(None) => SETTLING,
            Err(_) => UNREADABLE_FOR,
        };
        let first_seen = self.waiting.entry(place.number).or_insert(now);
        // If it was first seen with a clock that was ahead, the current time counts.
        *first_seen = (*first_seen).min(now);
        now < first_seen.plus(patience)
    }
}

/// The parts that are parked for one minute: numbers from `first` up to, but not including, `end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    pub(super) first: u64,
    pub(super) end: u64,
}

impl State {
    /// The stored state, or that of a new store.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn load(store: &impl KeyValue) -> Result<Self, Unavailable> {
        Ok(record::find(store, &keys::agenda())
            .await?
            .unwrap_or_default())
    }

    /// Whether a parked part is due at `now`, or waits to be deleted.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let due = self.parked.range(..=now.unix_minutes()).next();
        due.is_some() || !self.spent.is_empty()
    }

    /// When the oldest parked part is due.
    pub(super) fn oldest_parked(&self) -> Option<Timestamp> {
        let (minute, _) = self.parked.first_key_value()?;
        Some(Timestamp::from_unix_millis(minute.saturating_mul(60_000)))
    }

    /// Whether there may be an agenda of the previous layout.
    #[must_use]
    pub fn may_move_in(&self) -> bool {
        !self.moved_in
    }

    /// The last number of `lane` up to which all is settled.
    #[must_use]
    pub fn settled(&self, lane: Lane) -> i64 {
        match lane {
            Lane::Requests => self.requests.settled,
            Lane::Tasks => self.tasks.settled,
        }
    }

    /// The last number of each lane when entries were last parked.
    #[must_use]
    pub fn seen(&self) -> [i64; Lane::ALL.len()] {
        [self.requests.seen, self.tasks.seen]
    }

    /// The last number of `lane` up to which all events are in the feed.
    #[must_use]
    pub fn fed(&self, lane: Lane) -> i64 {
        let lane = match lane {
            Lane::Requests => &self.requests,
            Lane::Tasks => &self.tasks,
        };
        lane.fed()
    }

    /// Whether all settled entries are deleted.
    pub(super) fn is_clean(&self) -> bool {
        [&self.requests, &self.tasks]
            .into_iter()
            .all(|lane| lane.cleaned == lane.settled)
    }

    pub(super) fn lane(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Requests => &mut self.requests,
            Lane::Tasks => &mut self.tasks,
        }
    }

    pub(super) fn write(&self) -> Result<(Key, Vec<u8>), Unavailable> {
        Ok((keys::agenda(), record::encode(self)?))
    }
}
