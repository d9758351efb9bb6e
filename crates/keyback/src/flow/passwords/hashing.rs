//! Hashing through the gate: in turn, and in slices between which others compute.

use std::cell::Cell;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::hashing_gate::{HashTime, Overloaded, Place};
use crate::model::log_line::LogLine;
use crate::model::measured::Measured;
use crate::model::password::{Password, PasswordHash};
use crate::ports::{Clock, Env, Log as _, Unavailable};

/// How long to compute between two pauses: on a machine with idle cores, and on a crowded one.
const SLICE: Duration = Duration::from_millis(8);
const SHORT_SLICE: Duration = Duration::from_millis(1);
/// The shortest wait in which the host turns to others. It takes one or two milliseconds where there are none.
const PAUSE: Duration = Duration::from_micros(1);
const UNCROWDED_PAUSE: Duration = Duration::from_millis(2);

/// A place in the gate. A flow that hashes takes one before its first call to the store, so that a refusal costs nothing
/// and changes nothing.
///
/// # Errors
/// [`Unavailable::Overloaded`].
pub(in crate::flow) fn enter<E: Env>(env: &E) -> Result<Place, Unavailable> {
    env.hashing_gate().enter(env.random()).map_err(outage)
}

/// Hashes `password` in turn.
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

/// Whether `hash` is that of `password`, found out in turn. Without a hash it takes as long and is false. A hash that needs
/// more memory than the host gives is treated the same, and logged.
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
        resumed: Cell::new(began),
        paused: Cell::default(),
        is_crowded: Cell::default(),
    };
    let done = work(&slices).await;
    let taken = clock.now().since(began);
    env.meter().note(&Measured::Hashing(taken));
    if is_own {
        turn.end(HashTime {
            taken,
            computed: taken.saturating_sub(slices.paused.get()),
        });
    }
    Ok(done)
}

/// The slices that one hash is computed in.
struct Slices<'e, E> {
    env: &'e E,
    resumed: Cell<Timestamp>,
    /// How long the pauses so far were.
    paused: Cell<Duration>,
    /// Whether others computed in the last one.
    is_crowded: Cell<bool>,
}

impl<E: Env> Slices<'_, E> {
    /// Lets others compute, if it is time to. Host and guest have one thread for all requests of an instance, and Spin does
    /// not interrupt a guest.
    async fn pause(&self) {
        let clock = self.env.clock();
        let began = clock.now();
        let slice = if self.is_crowded.get() {
            SHORT_SLICE
        } else {
            SLICE
        };
        if began.since(self.resumed.get()) < slice {
            return;
        }
        clock.sleep(PAUSE).await;
        let ended = clock.now();
        let pause = ended.since(began);
        self.is_crowded.set(pause > UNCROWDED_PAUSE);
        self.paused.set(self.paused.get().saturating_add(pause));
        self.resumed.set(ended);
    }
}
