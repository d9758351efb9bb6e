//! Work for the calendar, sorted by the minute.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::event::EventPlace;
use crate::store::agenda::{Entry, Expiring};

/// How many tasks and keys one parked part has at most.
const PART_SIZE: usize = 1_000;

/// Tasks and keys by the minute in which they are due, and events to add to the feed.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) by_minute: BTreeMap<u64, Entry>,
    pub(super) expired: Vec<String>,
    /// Some of them may already be in the feed.
    pub(super) events: Vec<EventPlace>,
}

impl Sorted {
    pub(super) fn take_events(&mut self) -> Vec<EventPlace> {
        let mut events = std::mem::take(&mut self.events);
        events.sort_unstable();
        events.dedup();
        events
    }

    pub(super) fn take(&mut self, entry: Entry, now: Timestamp) {
        // An entry may have gained events since it was fed.
        self.events.extend(entry.events);
        for task in entry.tasks {
            // Parked under the minute in which it is due, so that it is brought back in time.
            let parked = self.by_minute.entry(task.at.unix_minutes()).or_default();
            parked.tasks.push(task);
        }
        for Expiring { at, keys } in entry.expiring {
            if at <= now {
                self.expired.extend(keys);
                continue;
            }
            let minute = next_minute(coarsely(at, now));
            let parked = &mut self.by_minute.entry(minute).or_default().expiring;
            match parked.last_mut() {
                Some(last) => last.keys.extend(keys),
                None => parked.push(Expiring { at, keys }),
            }
        }
    }
}

/// Deletion can wait: the later it is due, the coarser the step, so that more is merged.
fn coarsely(at: Timestamp, now: Timestamp) -> Timestamp {
    const HOUR: u64 = 3_600_000;
    let ahead = at.since(now);
    let step = if ahead < Duration::from_hours(1) {
        HOUR / 12
    } else if ahead < Duration::from_hours(48) {
        HOUR
    } else {
        24 * HOUR
    };
    let steps = at.unix_millis().div_ceil(step);
    Timestamp::from_unix_millis(steps.saturating_mul(step))
}

/// Splits an entry so that no part is too large for one value.
pub(super) fn split(entry: &Entry) -> Vec<Entry> {
    let tasks = entry.tasks.chunks(PART_SIZE).map(|tasks| Entry {
        tasks: tasks.to_vec(),
        ..Entry::default()
    });
    let expiring = entry.expiring.iter().flat_map(|Expiring { at, keys }| {
        keys.chunks(PART_SIZE).map(|keys| Entry {
            expiring: vec![Expiring {
                at: *at,
                keys: keys.to_vec(),
            }],
            ..Entry::default()
        })
    });
    tasks.chain(expiring).collect()
}

/// The first minute that begins at `time` or later.
const fn next_minute(time: Timestamp) -> u64 {
    time.unix_millis().div_ceil(60_000)
}
