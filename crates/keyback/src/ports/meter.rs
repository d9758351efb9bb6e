//! The counts of an instance that are not yet in the store.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::measured::{Measured, Tally};

/// Counts in the memory of an instance. Clones share them. Counting costs no call to the host.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    tally: Tally,
    /// Calls since the counts were last taken.
    calls: u32,
    /// Calls in counts that were put back.
    put_back: u32,
    is_awaited: bool,
}

impl Counts {
    fn all_calls(&self) -> u32 {
        self.put_back.saturating_add(self.calls)
    }
}

impl Meter {
    /// Counts `measured` in memory, until the counts are stored.
    pub fn note(&self, measured: &Measured<'_>) {
        self.with(|counts| {
            counts.tally.note(measured);
            if matches!(measured, Measured::Call { .. }) {
                counts.calls = counts.calls.saturating_add(1);
            }
        });
    }

    /// Takes all counts out. Returns also how many calls they are of.
    #[must_use]
    pub fn take(&self) -> (Tally, u32) {
        self.with(|counts| {
            let calls = counts.all_calls();
            counts.calls = 0;
            counts.put_back = 0;
            (std::mem::take(&mut counts.tally), calls)
        })
    }

    /// Puts back counts of so many calls that could not be stored.
    pub fn put_back(&self, tally: Tally, calls: u32) {
        self.with(|counts| {
            counts.tally.add(tally);
            counts.put_back = counts.put_back.saturating_add(calls);
        });
    }

    /// How many calls were counted since the counts were last taken.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.with(|counts| counts.calls)
    }

    /// How many calls the counts are of: those that were put back, too.
    #[must_use]
    pub fn all_calls(&self) -> u32 {
        self.with(|counts| counts.all_calls())
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with(|counts| counts.tally.is_empty())
    }

    /// Begins to wait until the counts are to be stored. `false` if another request is already waiting.
    #[must_use]
    pub fn begin_waiting(&self) -> bool {
        self.with(|counts| !std::mem::replace(&mut counts.is_awaited, true))
    }

    /// Ends the wait, so that a later call can begin another.
    pub fn end_waiting(&self) {
        self.with(|counts| counts.is_awaited = false);
    }

    fn with<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
