//! How fast a receiver accepts calls, as measured within a run.
//!
//! A receiver that answers "too often" is left alone for as long as it asks. After that it gets one call after another,
//! with a gap between them. Each such answer doubles the gap, and each other answer shortens it a little.

use std::cell::Cell;
use std::time::Duration;

use crate::base::timestamp::Timestamp;

/// The gap after the first "too often".
const FIRST_GAP: Duration = Duration::from_millis(250);
/// The longest gap between two calls to a receiver.
const LONGEST_GAP: Duration = Duration::from_secs(16);
/// A gap below this becomes zero.
const SHORTEST_GAP: Duration = Duration::from_millis(20);
/// Shortest time to leave a receiver alone that does not say for how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// The pace of one receiver.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the next call may begin; at any time if not set.
    opens_at: Cell<Option<Timestamp>>,
    gap: Cell<Duration>,
    /// When the gap was last made longer.
    slowed_at: Cell<Option<Timestamp>>,
}

impl Pace {
    /// How long after `now` the next call may begin.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        let opens_at = self.opens_at.get();
        opens_at.map_or(Duration::ZERO, |opens_at| opens_at.since(now))
    }

    /// Whether calls must come one after another.
    pub(super) fn is_slowed(&self) -> bool {
        !self.gap.get().is_zero()
    }

    /// Takes the turn to call at `now`.
    ///
    /// # Errors
    /// The time to wait before asking again.
    pub(super) fn take_turn(&self, now: Timestamp) -> Result<(), Duration> {
        let wait = self.wait(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        if self.is_slowed() {
            self.opens_at.set(Some(now.plus(self.gap.get())));
        }
        Ok(())
    }

    /// Records that a call got another answer than "too often".
    pub(super) fn note_taken(&self) {
        let gap = self.gap.get();
        let shorter = gap.saturating_sub(gap.checked_div(16).unwrap_or_default());
        let is_gap = shorter >= SHORTEST_GAP;
        self.gap.set(if is_gap { shorter } else { Duration::ZERO });
    }

    /// Records that a call that began at `began` was answered at `now` with "too often", and perhaps with how long to
    /// wait. Returns how long the receiver is left alone.
    pub(super) fn note_throttled(
        &self,
        began: Timestamp,
        now: Timestamp,
        after: Option<Duration>,
    ) -> Duration {
        // Of concurrent calls, only the first one lengthens the gap.
        let is_news = self.slowed_at.get().is_none_or(|slowed| began >= slowed);
        if is_news {
            let doubled = self.gap.get().saturating_mul(2);
            self.gap.set(doubled.clamp(FIRST_GAP, LONGEST_GAP));
            self.slowed_at.set(Some(now));
        }
        let wait = after.unwrap_or_else(|| self.gap.get().max(USUAL_WAIT));
        let opens_at = now.plus(wait.max(FIRST_GAP));
        let opens_at = self.opens_at.get().map_or(opens_at, |at| at.max(opens_at));
        self.opens_at.set(Some(opens_at));
        opens_at.since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receiver that accepts `rate` calls a second, and asks for `after` if there are more.
    struct Receiver {
        rate: u64,
        second: Cell<(u64, u64)>,
        refused: Cell<u32>,
    }

    impl Receiver {
        fn new(rate: u64) -> Self {
            Self {
                rate,
                second: Cell::default(),
                refused: Cell::default(),
            }
        }

        fn takes(&self, now: Timestamp) -> bool {
            let (second, taken) = self.second.get();
            let taken = if second == now.unix_seconds() {
                taken
            } else {
                0
            };
            let is_taken = taken < self.rate;
            self.second
                .set((now.unix_seconds(), taken + u64::from(is_taken)));
            self.refused.set(self.refused.get() + u32::from(!is_taken));
            is_taken
        }
    }

    /// How many calls a receiver accepts in 45 seconds, at 40 ms each, and how many it refuses.
    fn in_a_run(rate: u64, after: Option<u64>) -> (u64, u32) {
        let (pace, receiver) = (Pace::default(), Receiver::new(rate));
        let start = Timestamp::from_unix_millis(1_795_424_400_123);
        let (mut now, mut taken) = (start, 0);
        while now.since(start) < Duration::from_secs(45) {
            if let Err(wait) = pace.take_turn(now) {
                now = now.plus(wait);
                continue;
            }
            let began = now;
            now = now.plus(Duration::from_millis(40));
            if receiver.takes(now) {
                pace.note_taken();
                taken += 1;
            } else {
                pace.note_throttled(began, now, after.map(Duration::from_secs));
            }
        }
        (taken, receiver.refused.get())
    }

    #[test]
    fn most_of_what_a_receiver_takes_is_given_to_it_and_few_calls_are_in_vain() {
        for (rate, after, least) in [
            (1, Some(1), 30),
            (2, Some(1), 60),
            (2, None, 60),
            (5, Some(1), 130),
            (10, Some(1), 220),
            (14, None, 280),
        ] {
            let (taken, refused) = in_a_run(rate, after);
            println!("{rate}/s: {taken} taken, {refused} refused");
            assert!(taken >= least, "{rate}/s: {taken} in 45 s");
            assert!(
                u64::from(refused) < taken / 2,
                "{rate}/s: {refused} in vain"
            );
        }
    }

    #[test]
    fn a_receiver_that_never_refuses_is_not_held_up() {
        let pace = Pace::default();
        let now = Timestamp::from_unix_millis(1_000_000);
        for _ in 0..100 {
            assert_eq!(pace.take_turn(now), Ok(()));
            pace.note_taken();
        }
    }

    #[test]
    fn calls_that_were_under_way_together_lengthen_the_gap_once() {
        let pace = Pace::default();
        let began = Timestamp::from_unix_millis(1_000_000);
        let now = began.plus(Duration::from_millis(40));
        for _ in 0..6 {
            let wait = pace.note_throttled(began, now, Some(Duration::from_secs(3)));
            assert_eq!(wait, Duration::from_secs(3));
        }
        assert_eq!(pace.gap.get(), FIRST_GAP);
        assert_eq!(pace.take_turn(now), Err(Duration::from_secs(3)));
        let later = now.plus(Duration::from_secs(3));
        assert_eq!(pace.take_turn(later), Ok(()));
        assert_eq!(pace.take_turn(later), Err(FIRST_GAP));
    }
}
