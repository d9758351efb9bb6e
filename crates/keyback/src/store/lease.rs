//! The right to work on something alone for a while, given up by itself when its holder dies.
//!
//! A store without compare-and-swap has one atomic call, the increment. Time is cut into windows of a minute, and who
//! brings the window's counter to 1 holds the lease until the next window is over: 60 to 120 seconds. Whoever comes in
//! the next window sees that the one before was taken and leaves. A few counters take turns, so that a holder that
//! died leaves nothing behind for ever, and everyone who comes clears those that nobody looks at just now.
//!
//! The turns are irregular. Whoever comes by the clock, every so many minutes or hours, would otherwise meet the counter
//! of a dead holder each time, and never get the lease.

use std::time::Duration;

use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Outage, SecureRandom};
use crate::store::keys::{self, AnyKey};

const WINDOW: Duration = Duration::from_mins(1);
/// Windows in a row that never share a counter. Three would do for those that look at each other; with eight, whoever
/// tries again a few minutes after a holder died is not in its way.
const IN_A_ROW: u64 = 8;
const COUNTERS: u64 = 4 * IN_A_ROW;
/// With the time that the tries themselves take, about ten seconds.
const TRIES: u32 = 200;
/// Between two tries, at least; as long again at most, as chance has it, so that those who wait do not come together.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The right to work on `name` alone.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a lease is held until it is released or runs out"]
pub struct Lease {
    name: String,
    until: Timestamp,
}

impl Lease {
    /// The lease on `name`, or `None` while another holds it.
    ///
    /// # Errors
    /// [`Outage::Store`].
    pub async fn acquire(
        store: &impl KeyValue,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, Outage> {
        let window = window_at(now);
        let counter = |window| keys::lease(name, counter_at(window));
        let own = counter(window);
        let before = counter(window.wrapping_sub(1)).into();
        let after = counter(window.wrapping_add(1)).into();
        let any_own = own.clone().into();
        let taken = futures::join!(
            store.exists(&before),
            store.exists(&any_own),
            store.exists(&after),
        );
        // Those who wait only read, and are in nobody's way.
        if taken.0? || taken.1? || taken.2? {
            return Ok(None);
        }
        // What stands there was left by holders that died, and would be in the way when its turn comes.
        let mut spent = counters(name);
        spent.retain(|key| ![&any_own, &before, &after].contains(&key));
        store.delete_many(spent).await?;
        if store.increment(&own, 1).await? != 1 {
            return Ok(None);
        }
        // Someone whose clock is a moment off may have won the window before or the next one meanwhile. Each of the two
        // counts first and looks then, so at least one of them sees the other, and leaves.
        for other in [before, after] {
            if store.exists(&other).await? {
                store.delete_many(vec![own.into()]).await?;
                return Ok(None);
            }
        }
        Ok(Some(Self {
            name: name.to_owned(),
            until: window_start(window.saturating_add(2)),
        }))
    }

    /// Does `work` under the lease on `name`, and gives the lease back whatever comes of it.
    ///
    /// # Errors
    /// Those of `work`, and [`Outage::Store`] when the lease stays taken; then nothing was done.
    pub async fn hold<E: Env, T, F: From<Outage>>(
        env: &E,
        name: &str,
        work: impl Future<Output = Result<T, F>>,
    ) -> Result<T, F> {
        let lease = Self::wait(env, name).await?;
        let done = work.await;
        lease.release(env.store(), env.clock().now()).await;
        done
    }

    /// The lease on `name`, waiting up to about ten seconds for other holders to finish.
    ///
    /// # Errors
    /// [`Outage::Store`], also when it stays taken.
    async fn wait<E: Env>(env: &E, name: &str) -> Result<Self, Outage> {
        for _ in 0..TRIES {
            if let Some(lease) = Self::acquire(env.store(), name, env.clock().now()).await? {
                return Ok(lease);
            }
            let mut chance = [0];
            env.random().fill(&mut chance)?;
            let jitter = BETWEEN_TRIES.mul_f64(f64::from(chance[0]) / 255.0);
            env.clock()
                .sleep(BETWEEN_TRIES.saturating_add(jitter))
                .await;
        }
        Err(Outage::Store("a lease stayed taken".to_owned()))
    }

    /// When the lease runs out. Work that others would see must not begin shortly before.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Gives the lease back, unless it has run out and may be another's by now. If the store fails, it runs out by
    /// itself: what was done under it is done.
    pub async fn release(self, store: &impl KeyValue, now: Timestamp) {
        if now < self.until {
            drop(store.delete_many(counters(&self.name)).await);
        }
    }
}

/// All counters that leases on `name` may leave behind.
#[must_use]
pub fn counters(name: &str) -> Vec<AnyKey> {
    (0..COUNTERS)
        .map(|window| keys::lease(name, window).into())
        .collect()
}

fn window_at(now: Timestamp) -> u64 {
    now.unix_seconds()
        .checked_div(WINDOW.as_secs())
        .unwrap_or_default()
}

/// The number of the counter whose turn it is.
fn counter_at(window: u64) -> u64 {
    let row = window.checked_div(IN_A_ROW).unwrap_or_default();
    // SplitMix64's way of mixing, which is enough to be irregular.
    let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32;
    (mixed.wrapping_mul(IN_A_ROW) % COUNTERS).wrapping_add(window % IN_A_ROW)
}

fn window_start(window: u64) -> Timestamp {
    Timestamp::from_unix_millis(window.saturating_mul(WINDOW.as_secs()).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryKeyValue, block_on};

    const LENGTH: u64 = 60_000;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_unix_millis(1_000 * LENGTH + millis)
    }

    fn acquire(store: &MemoryKeyValue, now: Timestamp) -> Option<Lease> {
        block_on(Lease::acquire(store, "x", now)).unwrap()
    }

    #[test]
    fn is_held_by_one_and_free_again_once_released() {
        let store = MemoryKeyValue::default();
        let lease = acquire(&store, at(0)).unwrap();
        assert_eq!(acquire(&store, at(1)), None);
        block_on(lease.release(&store, at(2)));
        assert_eq!(store.names(), Vec::<String>::new());
        assert!(acquire(&store, at(3)).is_some());
    }

    #[test]
    fn runs_out_after_the_next_window_when_its_holder_died() {
        let store = MemoryKeyValue::default();
        let lease = acquire(&store, at(LENGTH - 1)).unwrap();
        assert_eq!(lease.until(), at(2 * LENGTH));
        assert_eq!(acquire(&store, at(LENGTH)), None);
        assert_eq!(acquire(&store, at(2 * LENGTH - 1)), None);
        assert!(acquire(&store, at(2 * LENGTH)).is_some());
    }

    #[test]
    fn is_not_had_twice_by_clocks_that_differ_by_a_moment() {
        for (first, second) in [
            (0, LENGTH),
            (LENGTH, 0),
            (LENGTH - 1, LENGTH),
            (LENGTH, LENGTH - 1),
        ] {
            let store = MemoryKeyValue::default();
            assert!(acquire(&store, at(first)).is_some());
            assert_eq!(acquire(&store, at(second)), None, "{first} {second}");
        }
    }

    #[test]
    fn a_dead_holder_is_soon_in_the_way_of_nobody_who_comes_at_regular_intervals() {
        const HOUR: u64 = 60;
        const DAY: u64 = 24 * HOUR;
        let days = [1, 2, 7, 14, 28, 30, 365].map(|days| days * DAY);
        for minutes in (1..=2 * HOUR)
            .chain([4, 6, 8, 12].map(|hours| hours * HOUR))
            .chain(days)
        {
            for start in 0..64 {
                let store = MemoryKeyValue::default();
                assert!(acquire(&store, at(start * LENGTH)).is_some());
                let visit = |number| at((start + number * minutes) * LENGTH);
                let got = (1..=6).any(|number| acquire(&store, visit(number)).is_some());
                assert!(got, "every {minutes} minutes from {start} on");
            }
        }
    }

    #[test]
    fn eight_windows_in_a_row_never_share_a_counter() {
        for window in 0..10_000 {
            let mut row = [0, 1, 2, 3, 4, 5, 6, 7].map(|offset| counter_at(window + offset));
            assert!(row.iter().all(|counter| *counter < COUNTERS));
            row.sort_unstable();
            assert!(row.windows(2).all(|pair| pair[0] < pair[1]), "{window}");
        }
    }

    #[test]
    fn can_be_had_again_after_any_pause_however_many_holders_died() {
        for pause in 2..20 {
            let store = MemoryKeyValue::default();
            let mut now = 0;
            for _ in 0..20 {
                let got = (0..4).any(|wait| acquire(&store, at(now + wait * LENGTH)).is_some());
                assert!(got, "pause of {pause} at window {}", now / LENGTH);
                now += (pause + 4) * LENGTH;
            }
        }
    }

    #[test]
    fn one_that_ran_out_is_not_taken_from_its_new_holder() {
        let store = MemoryKeyValue::default();
        let late = acquire(&store, at(0)).unwrap();
        let now = at(2 * LENGTH);
        assert!(acquire(&store, now).is_some());
        block_on(late.release(&store, now));
        assert_eq!(acquire(&store, at(2 * LENGTH + 1)), None);
    }
}
