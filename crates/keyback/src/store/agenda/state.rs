//! How far the agenda is settled, and what is parked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::timestamp::Timestamp;
use crate::ports::{KeyValue, Outage};
use crate::store::agenda::calendar::minute_of;
use crate::store::keys::{self, Key, Lane};
use crate::store::record;

/// How far the agenda is settled, and what is parked. Changed under the agenda's lease only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    #[serde(default)]
    pub(super) requests: LaneState,
    #[serde(default)]
    pub(super) tasks: LaneState,
    /// The minutes that something is parked for, with the numbers of its parts.
    #[serde(default)]
    pub(super) parked: BTreeMap<u64, Parts>,
    /// Parked parts that are done, to be deleted.
    #[serde(default)]
    pub(super) spent: Vec<(u64, u64)>,
    /// Whether no agenda of the layout before this one is left.
    #[serde(default)]
    pub(super) moved_in: bool,
}

/// How far one lane is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LaneState {
    /// All entries up to this number are settled.
    pub(super) settled: i64,
    /// All entries up to this number are deleted as well.
    pub(super) cleaned: i64,
    /// Numbers without a readable entry, and when each was first seen so.
    #[serde(default)]
    pub(super) waiting: BTreeMap<i64, Timestamp>,
}

/// The parts that are parked for one minute: numbers from `first` up to, and without, `end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    pub(super) first: u64,
    pub(super) end: u64,
}

impl State {
    /// The stored state, or that of a new store.
    ///
    /// # Errors
    /// [`Outage`] of the store.
    pub async fn load(store: &impl KeyValue) -> Result<Self, Outage> {
        Ok(record::find(store, &keys::agenda())
            .await?
            .unwrap_or_default())
    }

    /// Whether something that is parked is due at `now`, or waits to be deleted.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let due = self.parked.range(..=minute_of(now)).next();
        due.is_some() || !self.spent.is_empty()
    }

    /// Whether an agenda of the layout before this one may be there.
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

    /// Whether all entries that are settled are deleted.
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

    pub(super) fn write(&self) -> Result<(Key, Vec<u8>), Outage> {
        Ok((keys::agenda(), record::encode(self)?))
    }
}
