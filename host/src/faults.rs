//! Injected faults, for tests: store and outbound calls that fail by a seeded plan, and a clock that is ahead.
//!
//! The plan is a file, read anew at every call, so that a test can end the faults while the application runs. Which call
//! meets which fault depends on the plan's seed and on the call's number since the plan was read, and on nothing else.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use wasmtime_wasi::clocks::{HostWallClock, WallClock};

/// The plan's file, and the last plan that was read from it.
pub(crate) struct Faults {
    file: PathBuf,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    text: String,
    plan: Plan,
    /// How many calls were made under the plan so far.
    calls: u64,
}

/// The content of the file, in TOML. An empty plan has no faults.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plan {
    seed: u64,
    /// How many of a thousand calls meet a fault.
    per_thousand: u64,
    /// The faults that store calls may meet.
    store: Vec<Kind>,
    /// The faults that outbound calls may meet.
    outbound: Vec<Kind>,
    /// The longest delay, in milliseconds.
    delay_ms: u64,
    /// How far the components' clock is ahead of the machine's.
    clock_ahead_seconds: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Fail,
    Delay,
    Drop,
    Lose,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not made, but refused: a store's error, or a provider's answer 503.
    Fail,
    /// It is made after this delay.
    Delay(Duration),
    /// The connection is cut before it is made. An open store stays cut off until it is opened again.
    Drop,
    /// It is made, and its answer is lost.
    Lose,
}

impl Faults {
    /// Faults by the plan in `file`. While there is no such file, there are none.
    ///
    /// # Errors
    /// When the file is there but is not a plan.
    pub(crate) fn load(file: PathBuf) -> Result<Self> {
        let faults = Self {
            file,
            last: Mutex::default(),
        };
        let text = faults.text();
        let plan = toml::from_str(&text);
        let plan = plan.with_context(|| format!("the fault plan {}", faults.file.display()))?;
        *faults.lock() = Last {
            text,
            plan,
            calls: 0,
        };
        Ok(faults)
    }

    /// The fault of the next store call.
    pub(crate) fn next_of_store(&self) -> Option<Fault> {
        self.next(|plan| &plan.store)
    }

    /// The fault of the next outbound call.
    pub(crate) fn next_outbound(&self) -> Option<Fault> {
        self.next(|plan| &plan.outbound)
    }

    fn next(&self, kinds: impl Fn(&Plan) -> &[Kind]) -> Option<Fault> {
        let mut last = self.read();
        last.calls = last.calls.wrapping_add(1);
        let Last { plan, calls, .. } = &*last;
        fault(plan, kinds(plan), *calls)
    }

    /// The plan that the file has now.
    fn read(&self) -> MutexGuard<'_, Last> {
        let text = self.text();
        let mut last = self.lock();
        if last.text == text {
            return last;
        }
        match toml::from_str(&text) {
            Ok(plan) => {
                *last = Last {
                    text,
                    plan,
                    calls: 0,
                }
            }
            Err(error) => crate::report(format_args!("error: {}: {error}", self.file.display())),
        }
        last
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error of a call that failed because of a fault.
pub(crate) struct OnPurpose;

/// Makes a call of a store, or of Redis, with `fault`.
pub(crate) async fn store_call<T, E: From<OnPurpose>>(
    fault: Option<Fault>,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match fault {
        None => call.await,
        Some(Fault::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            call.await
        }
        Some(Fault::Fail | Fault::Drop) => Err(OnPurpose.into()),
        Some(Fault::Lose) => {
            call.await?;
            Err(OnPurpose.into())
        }
    }
}

/// The fault of call number `number`, if any.
fn fault(plan: &Plan, kinds: &[Kind], number: u64) -> Option<Fault> {
    let mut state = plan.seed ^ number.wrapping_mul(GOLDEN_RATIO);
    let hit = next_random(&mut state).checked_rem(1000)?;
    if hit >= plan.per_thousand {
        return None;
    }
    let count = u64::try_from(kinds.len()).ok()?;
    let chosen = next_random(&mut state).checked_rem(count)?;
    Some(match kinds.get(usize::try_from(chosen).ok()?)? {
        Kind::Fail => Fault::Fail,
        Kind::Drop => Fault::Drop,
        Kind::Lose => Fault::Lose,
        Kind::Delay => {
            let most = plan.delay_ms.saturating_add(1);
            Fault::Delay(Duration::from_millis(
                next_random(&mut state).checked_rem(most)?,
            ))
        }
    })
}

const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

/// `SplitMix64`: <https://prng.di.unimi.it/splitmix64.c>
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GOLDEN_RATIO);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The machine's clock, as far ahead as the plan says.
pub(crate) struct ShiftedClock(pub(crate) Arc<Faults>);

impl HostWallClock for ShiftedClock {
    fn resolution(&self) -> Duration {
        WallClock.resolution()
    }

    fn now(&self) -> Duration {
        let ahead = Duration::from_secs(self.0.read().plan.clock_ahead_seconds);
        WallClock.now().saturating_add(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    const HALF: &str = r#"
        seed = 7
        per_thousand = 500
        store = ["fail", "delay", "drop", "lose"]
        outbound = ["lose"]
        delay_ms = 3
    "#;

    fn meets(plan: &str, calls: u64) -> Vec<Option<Fault>> {
        let plan: Plan = toml::from_str(plan).unwrap();
        (1..=calls)
            .map(|number| fault(&plan, &plan.store, number))
            .collect()
    }

    #[test]
    fn a_plan_hits_its_share_of_calls_with_all_its_kinds_and_always_the_same() {
        let met = meets(HALF, 2_000);
        let hit = met.iter().flatten().count();
        assert!((900..1_100).contains(&hit), "{hit}");
        for kind in [Fault::Fail, Fault::Drop, Fault::Lose] {
            assert!(met.contains(&Some(kind)), "{kind:?}");
        }
        let longest = Fault::Delay(Duration::from_millis(3));
        assert!(met.contains(&Some(longest)));
        assert_eq!(met, meets(HALF, 2_000));
        assert_ne!(met, meets(&HALF.replace('7', "8"), 2_000));
    }

    #[test]
    fn an_empty_plan_has_no_faults() {
        assert!(meets("", 100).iter().all(Option::is_none));
        assert!(
            meets("per_thousand = 1000", 100)
                .iter()
                .all(Option::is_none)
        );
    }

    #[test]
    fn the_file_counts_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults.toml");
        let faults = Faults::load(file.clone()).unwrap();
        assert_eq!(faults.next_of_store(), None);

        std::fs::write(&file, "per_thousand = 1000\noutbound = [\"lose\"]").unwrap();
        assert_eq!(faults.next_outbound(), Some(Fault::Lose));
        assert_eq!(faults.next_of_store(), None);

        std::fs::write(&file, "").unwrap();
        assert_eq!(faults.next_outbound(), None);

        std::fs::write(&file, "per_thousand = many").unwrap();
        assert!(Faults::load(file).is_err());
    }

    #[tokio::test]
    async fn a_lost_answer_is_that_of_a_call_that_was_made() {
        let mut made = 0;
        for fault in [Fault::Fail, Fault::Drop, Fault::Lose] {
            let answer = store_call(Some(fault), async {
                made += 1;
                Ok(())
            });
            let answer = answer.await;
            assert!(matches!(answer, Err(StoreError::OnPurpose)), "{fault:?}");
        }
        assert_eq!(made, 1);
    }

    #[test]
    fn the_clock_is_as_far_ahead_as_the_plan_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("faults.toml");
        std::fs::write(&file, "clock_ahead_seconds = 3600").unwrap();
        let clock = ShiftedClock(Faults::load(file).unwrap().into());
        let before = WallClock.now();
        let ahead = clock.now().saturating_sub(before).as_secs();
        assert!((3600..3660).contains(&ahead), "{ahead}");
    }
}
