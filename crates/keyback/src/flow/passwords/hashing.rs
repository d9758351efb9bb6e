//! Hashing through the gate: in turn, and in slices, between which other requests can compute.

use std::cell::Cell;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::hashing_gate::{HashTime, Overloaded, Place, Turn};
use crate::model::log_line::LogLine;
use crate::model::measured::Measured;
use crate::model::password::{Password, PasswordHash};
use crate::ports::{Clock, Env, Log as _, PAUSE, Unavailable};

/// Longest time to compute between two pauses.
const LONGEST_SLICE: Duration = Duration::from_millis(8);
/// Longest time for which a hash keeps further requests out of the instance.
const EXCLUSIVE: Duration = Duration::from_millis(20);
/// How often a hash gives way to requests that only need an answer, each time for the shortest pause.
const COURTESY: u32 = 25;

/// Takes a place in the gate. A flow that hashes does so before its first call to the store, so that a refusal costs
/// nothing and changes nothing.
///
/// # Errors
/// [`Unavailable::Overloaded`].
pub(in crate::flow) fn enter<E: Env>(env: &E) -> Result<Place, Unavailable> {
    env.hashing_gate().enter(env.random()).map_err(outage)
}

/// Hashes `password` when its turn comes.
///
/// # Errors
/// [`Unavailable::Overloaded`] after too long a wait, or those of [`Password::hash_in_slices`].
pub(in crate::flow) async fn hash<E: Env>(
    env: &E,
    place: &Place,
    password: &Password,
) -> Result<PasswordHash, Unavailable> {
    in_turn(env, place, true, async |slices| {
        let pause = async || slices.pause().await;
        password.hash_in_slices(env.random(), &pause).await
    })
    .await?
}

/// Whether `password` matches `hash`, checked when its turn comes. Without a hash, takes as long and returns false. So
/// does a hash that needs more memory than the host gives, which is logged.
///
/// # Errors
/// [`Unavailable::Overloaded`] after too long a wait, or those of [`Password::verify_in_slices`].
pub(in crate::flow) async fn verify<E: Env>(
    env: &E,
    place: &Place,
    password: &Password,
    hash: Option<&PasswordHash>,
) -> Result<bool, Unavailable> {
    let is_own = hash.is_none_or(|hash| !hash.needs_rehash());
    in_turn(env, place, is_own, async |slices| {
        let pause = async || slices.pause().await;
        match password.verify_in_slices(hash, &pause).await {
            Err(outage @ Unavailable::Hashing) if hash.is_some() => {
                env.log().write(&LogLine::WorkFailed { outage });
                password.verify_in_slices(None, &pause).await
            }
            verified => verified,
        }
    })
    .await?
}

fn outage(Overloaded { retry_after }: Overloaded) -> Unavailable {
    Unavailable::Overloaded { retry_after }
}

async fn in_turn<E: Env, T>(
    env: &E,
    place: &Place,
    is_own: bool,
    work: impl AsyncFnOnce(&Slices<'_, E>) -> T,
) -> Result<T, Unavailable> {
    let clock = env.clock();
    let asked = clock.now();
    let queued = place.queue();
    let turn = loop {
        let waited = clock.now().since(asked);
        let pause = queued.pause(waited).map_err(outage)?;
        if let Some(turn) = queued.turn() {
            break turn;
        }
        clock.sleep(pause).await;
    };
    let began = clock.now();
    let slices = Slices {
        env,
        turn: &turn,
        began,
        resumed: Cell::new(began),
        paused: Cell::default(),
        parts: Cell::default(),
        courtesy: Cell::new(COURTESY),
    };
    let done = work(&slices).await;
    let taken = clock.now().since(began);
    env.meter().note(&Measured::Hashing(taken));
    let computed = taken.saturating_sub(slices.paused.get());
    if is_own {
        turn.end(HashTime { taken, computed });
    }
    Ok(done)
}

/// The slices in which one hash is computed.
struct Slices<'e, E> {
    env: &'e E,
    turn: &'e Turn<'e>,
    began: Timestamp,
    resumed: Cell<Timestamp>,
    /// Total length of the pauses so far.
    paused: Cell<Duration>,
    /// Parts computed since the last pause.
    parts: Cell<u32>,
    /// What remains of [`COURTESY`].
    courtesy: Cell<u32>,
}

impl<E: Env> Slices<'_, E> {
    /// Lets other requests compute, if a slice is over. Host and guest have one thread for all requests of an instance,
    /// and Spin does not interrupt a guest.
    async fn pause(&self) {
        let clock = self.env.clock();
        let began = clock.now();
        let parts = self.parts.get().saturating_add(1);
        self.parts.set(parts);
        if parts < self.turn.slice() && began.since(self.resumed.get()) < LONGEST_SLICE {
            return;
        }
        self.parts.set(0);
        clock.sleep(PAUSE).await;
        self.turn.note_pause(clock.now().since(began));
        self.give_way().await;
        let ended = clock.now();
        let pause = ended.since(began);
        self.paused.set(self.paused.get().saturating_add(pause));
        self.resumed.set(ended);
        if ended.since(self.began) > EXCLUSIVE {
            self.turn.mark_as_long();
        }
    }

    /// Waits while a request of the instance only needs an answer, such as a refusal. Such a request needs several
    /// turns, and a slice of the hash before each would add to its time.
    async fn give_way(&self) {
        while self.env.hashing_gate().is_awaited()
            && let Some(left) = self.courtesy.get().checked_sub(1)
        {
            self.courtesy.set(left);
            self.env.clock().sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::model::hashing_gate::HashingGate;
    use crate::testing::{MemoryEnv, Step, block_on, step};

    thread_local! {
        /// Whether the instance keeps further requests out.
        static KEEPS_OUT: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `act` within a turn, with a slice that is due for a pause.
    fn after_a_slice(env: &MemoryEnv, act: impl FnOnce(&Slices<'_, MemoryEnv>)) {
        let _own = env.hashing_gate.arrive();
        let place = env.hashing_gate.enter(&env.random).unwrap();
        let turn = place.queue().turn().unwrap();
        let began = env.clock.now();
        let slices = Slices {
            env,
            turn: &turn,
            began,
            resumed: Cell::new(began),
            paused: Cell::default(),
            parts: Cell::default(),
            courtesy: Cell::new(COURTESY),
        };
        env.clock.advance(LONGEST_SLICE);
        act(&slices);
    }

    #[test]
    fn a_hash_gives_way_to_a_request_that_needs_an_answer_only() {
        let env = MemoryEnv::default();
        after_a_slice(&env, |slices| {
            let present = env.hashing_gate.arrive();
            let mut pausing = pin!(slices.pause());
            for _ in 0..20 {
                assert!(matches!(step(pausing.as_mut()), Step::Sleeping));
            }
            drop(present);
            assert!(matches!(step(pausing.as_mut()), Step::Done(())));
        });
    }

    #[test]
    fn a_hash_gives_way_a_few_times_only() {
        let env = MemoryEnv::default();
        after_a_slice(&env, |slices| {
            let _present = env.hashing_gate.arrive();
            block_on(slices.pause());
            assert_eq!(slices.courtesy.get(), 0);
            env.clock.advance(LONGEST_SLICE);
            let mut pausing = pin!(slices.pause());
            assert!(matches!(step(pausing.as_mut()), Step::Sleeping));
            assert!(matches!(step(pausing.as_mut()), Step::Done(())));
        });
    }

    #[test]
    fn a_hash_does_not_wait_for_those_who_wait_for_it() {
        let env = MemoryEnv::default();
        after_a_slice(&env, |slices| {
            let present = env.hashing_gate.arrive();
            let place = env.hashing_gate.enter(&env.random);
            assert!(!env.hashing_gate.is_awaited());
            block_on(slices.pause());
            assert_eq!(slices.courtesy.get(), COURTESY);
            drop((present, place));
        });
    }

    #[test]
    fn after_long_pauses_a_hash_pauses_at_each_part() {
        let env = MemoryEnv::default();
        after_a_slice(&env, |slices| {
            block_on(slices.pause());
            // Some cores are idle.
            block_on(slices.pause());
            assert_eq!(slices.parts.get(), 1);
            for _ in 0..8 {
                env.clock.advance(LONGEST_SLICE);
                let mut pausing = pin!(slices.pause());
                assert!(matches!(step(pausing.as_mut()), Step::Sleeping));
                env.clock.advance(Duration::from_millis(3));
                assert!(matches!(step(pausing.as_mut()), Step::Done(())));
            }
            let mut pausing = pin!(slices.pause());
            assert!(matches!(step(pausing.as_mut()), Step::Sleeping));
        });
    }

    #[test]
    fn a_hash_keeps_others_out_for_its_first_twenty_milliseconds() {
        let gate = HashingGate::new(|is_set| KEEPS_OUT.set(is_set));
        let env = MemoryEnv {
            hashing_gate: gate,
            ..MemoryEnv::default()
        };
        for _ in 0..3 {
            let place = env.hashing_gate.enter(&env.random).unwrap();
            place.queue().turn().unwrap().end(HashTime {
                taken: Duration::from_millis(35),
                computed: Duration::from_millis(30),
            });
        }
        after_a_slice(&env, |slices| {
            block_on(slices.pause());
            assert!(KEEPS_OUT.get());
            env.clock.advance(EXCLUSIVE);
            block_on(slices.pause());
            assert!(!KEEPS_OUT.get());
        });
    }
}
