//! How much of a hash to compute between two pauses, during which others compute.
//!
//! On a machine with idle cores pauses are short, and few of them suffice. On a crowded one, an instance computes a little
//! after each pause for each request in its gate. So all instances together behave roughly like a single
//! queue, although the host hands requests out unevenly.

use std::time::Duration;

/// The number of equal parts in one of Keyback's own hashes. It may pause after each.
const PARTS: u32 = 128;
/// During a longer pause, others computed. The host's timers take one or two milliseconds.
const SHORT_PAUSE: Duration = Duration::from_millis(2);
/// After a pause, a hash computes at least one part for every so many milliseconds of the pause. So where others
/// compute for longer between their own pauses, the pauses of one hash add up to half a second.
const PAUSED_FOR_A_PART: u128 = 4;
/// The most parts under that rule: with many instances, their slices would otherwise make each other grow.
const MOST_FOR_A_PAUSE: u32 = 8;

/// The pace of an instance.
#[derive(Debug)]
pub(super) struct Pace {
    /// How many parts to compute for each request in the gate.
    parts: u32,
    /// How long the last pause was.
    pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            parts: PARTS,
            pause: Duration::ZERO,
        }
    }
}

impl Pace {
    /// How many parts to compute until the next pause, with `places` requests in the gate.
    pub(super) fn slice(&self, places: u32) -> u32 {
        let share = self.parts.saturating_mul(places);
        let worth = self.pause.as_millis().div_ceil(PAUSED_FOR_A_PART);
        let worth = u32::try_from(worth).unwrap_or(PARTS).min(MOST_FOR_A_PAUSE);
        share.max(worth).min(PARTS)
    }

    /// Computes less at a time after a long pause, and more after a short one.
    pub(super) fn note_pause(&mut self, pause: Duration) {
        self.pause = pause;
        self.parts = if pause > SHORT_PAUSE {
            (self.parts / 2).max(1)
        } else {
            self.parts.saturating_mul(2).min(PARTS)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pauses: &[u64]) -> Pace {
        let mut pace = Pace::default();
        for pause in pauses {
            pace.note_pause(Duration::from_millis(*pause));
        }
        pace
    }

    #[test]
    fn with_idle_cores_a_hash_is_computed_in_one_go() {
        assert_eq!(Pace::default().slice(1), PARTS);
        assert_eq!(after(&[1, 2, 1]).slice(16), PARTS);
    }

    #[test]
    fn on_a_crowded_machine_a_hash_pauses_ever_more_often() {
        let pauses = [3; 7];
        let slices: Vec<_> = (0..=7).map(|n| after(&pauses[..n]).slice(1)).collect();
        assert_eq!(slices, [128, 64, 32, 16, 8, 4, 2, 1]);
        assert_eq!(after(&[3; 100]).slice(1), 1);
        let again = [&[3; 100][..], &[2; 3]].concat();
        assert_eq!(after(&again).slice(1), 8);
    }

    #[test]
    fn on_a_crowded_machine_the_more_requests_wait_the_more_is_computed() {
        let pace = after(&[3; 100]);
        assert_eq!(
            [1, 2, 9, 16].map(|places| pace.slice(places)),
            [1, 2, 9, 16]
        );
        assert_eq!(pace.slice(u32::MAX), PARTS);
    }

    #[test]
    fn where_others_pause_seldom_the_pauses_of_a_hash_take_half_a_second() {
        for pause in 3..=32 {
            let slice = after(&[pause; 100]).slice(1);
            let pauses = u64::from(PARTS.div_ceil(slice)) - 1;
            assert!(pauses * pause <= 512, "{pauses} of {pause} ms");
        }
        assert_eq!(after(&[10_000; 100]).slice(1), MOST_FOR_A_PAUSE);
    }
}
