//! The gate before password hashing: an instance computes one hash at a time and has a short queue. A request that
//! would wait too long is refused at once.
//!
//! Instances cannot see each other. Each estimates how crowded the machine is from its own last hashes: how long they
//! took, and how much of that time was spent computing.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::base::random::SecureRandom;

mod pace;

use pace::Pace;

/// A request is refused if its hash is expected to end later than this.
const PATIENCE: Duration = Duration::from_secs(3);
/// A queued request is refused once its expected total wait is longer than this: its client has probably given up by
/// then.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The bounds of `Retry-After`.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// The bounds of the pauses between a waiting request's checks for its turn.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The requests of an instance that hash or wait to hash. Clones share the same gate.
#[derive(Clone)]
pub struct HashingGate(Rc<Shared>);

struct Shared {
    state: RefCell<State>,
    set_backpressure: fn(bool),
}

#[derive(Default)]
struct State {
    /// How many requests of the instance have no answer yet.
    present: u32,
    /// How many requests are in the gate, including the one that hashes.
    places: u32,
    /// Whether one of them is hashing.
    is_hashing: bool,
    /// Whether its turn has been long.
    is_long: bool,
    /// The numbers of the requests that wait for a turn, first in, first out.
    queue: VecDeque<u64>,
    next_number: u64,
    /// How long until all requests in a gate are done, judging by this instance's last hashes: a moving average.
    crowd: Duration,
    /// The computing time of a hash: a moving average.
    computed: Duration,
    /// How many requests were in this gate during the last hash.
    seen: u32,
    pace: Pace,
    /// How many hashes in a row were undisturbed.
    undisturbed: u32,
    has_backpressure: bool,
}

/// How long a hash took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HashTime {
    /// From the start of its turn to its end.
    pub taken: Duration,
    /// The part of `taken` that was spent computing. The rest was pauses for others.
    pub computed: Duration,
}

/// The machine is busy hashing: the caller may try again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed")]
pub struct Overloaded {
    /// At least a second.
    pub retry_after: Duration,
}

impl HashingGate {
    /// An empty gate. `set_backpressure` asks the host to stop sending requests to this instance (true), or to resume
    /// (false).
    #[must_use]
    pub fn new(set_backpressure: fn(bool)) -> Self {
        Self(Rc::new(Shared {
            state: RefCell::default(),
            set_backpressure,
        }))
    }

    /// Registers a request as present until its answer is out.
    #[must_use]
    pub fn arrive(&self) -> Present {
        self.0
            .change(|state| state.present = state.present.saturating_add(1));
        Present(self.0.clone())
    }

    /// Whether a present request is outside the gate: it will soon be answered, be refused, or enter.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        let state = self.0.state.borrow();
        state.present > state.places
    }

    /// Gives a place in the gate to a request that will hash.
    ///
    /// # Errors
    /// [`Overloaded`] if the hash is unlikely to be done within three seconds.
    pub fn enter(&self, random: &impl SecureRandom) -> Result<Place, Overloaded> {
        let (ahead, expected) = self.0.expected();
        // If no request is ahead, the last hash may have been an exception: let some requests in to find out.
        if expected > PATIENCE && (ahead > 0 || !is_drawn(expected, random)) {
            return Err(self.overloaded());
        }
        self.0
            .change(|state| state.places = state.places.saturating_add(1));
        Ok(Place(self.0.clone()))
    }

    /// The refusal for a request that has waited too long, or would.
    fn overloaded(&self) -> Overloaded {
        let (_, expected) = self.0.expected();
        Overloaded {
            retry_after: expected.clamp(SHORTEST_RETRY, LONGEST_RETRY),
        }
    }
}

/// Counts a request as unanswered until this is dropped.
pub struct Present(Rc<Shared>);

impl fmt::Debug for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Present")
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0
            .change(|state| state.present = state.present.saturating_sub(1));
    }
}

fn half(time: Duration) -> Duration {
    time.checked_div(2).unwrap_or_default()
}

/// True with probability [`PATIENCE`] / `expected`, so that the slower hashes are, the fewer requests get in.
fn is_drawn(expected: Duration, random: &impl SecureRandom) -> bool {
    let mut drawn = [0; 4];
    if random.fill(&mut drawn).is_err() {
        return false;
    }
    let share = PATIENCE.as_secs_f64() / expected.as_secs_f64();
    f64::from(u32::from_le_bytes(drawn)) < share * f64::from(u32::MAX)
}

/// A moving average in which each value has the same weight as all earlier values together.
fn average(before: Duration, value: Duration) -> Duration {
    match before {
        Duration::ZERO => value,
        before => half(before.saturating_add(value)),
    }
}

impl State {
    /// How long until all requests in a gate are done if there are `places` in this one.
    fn crowd_with(&self, places: u32) -> Duration {
        let more = places.saturating_sub(self.seen);
        let fewer = self.seen.saturating_sub(places);
        self.crowd
            .saturating_add(self.computed.saturating_mul(more))
            .saturating_sub(self.computed.saturating_mul(fewer))
    }
}

impl Shared {
    /// How many requests are in the gate, and how long one more would take.
    fn expected(&self) -> (u32, Duration) {
        let state = self.state.borrow();
        let places = state.places;
        (places, state.crowd_with(places.saturating_add(1)))
    }

    /// Changes the state, and updates the backpressure to match.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.borrow_mut();
        let changed = change(&mut state);
        let is_busy = state.is_hashing || !state.queue.is_empty();
        let is_full = state.undisturbed >= UNDISTURBED && is_busy && !state.is_long;
        let asks = is_full != std::mem::replace(&mut state.has_backpressure, is_full);
        drop(state);
        if asks {
            (self.set_backpressure)(is_full);
        }
        changed
    }
}

/// After this many undisturbed hashes in a row, the machine has idle cores: an instance that is hashing then leaves
/// further requests to other instances. On a crowded machine those would only take turns with it; there, some hashes
/// are undisturbed only by luck.
const UNDISTURBED: u32 = 3;

impl HashTime {
    /// Whether the pauses were short.
    fn is_undisturbed(self) -> bool {
        self.taken.saturating_mul(2) <= self.computed.saturating_mul(3)
    }
}

/// A request's place in the gate, until it is dropped.
pub struct Place(Rc<Shared>);

impl Place {
    /// Joins the queue of requests that want to hash. Turns come in the order in which they were asked for.
    #[must_use]
    pub fn queue(&self) -> Queued<'_> {
        let number = self.0.change(|state| {
            let number = state.next_number;
            state.next_number = number.wrapping_add(1);
            state.queue.push_back(number);
            number
        });
        Queued {
            shared: &self.0,
            number,
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0
            .change(|state| state.places = state.places.saturating_sub(1));
    }
}

/// In the queue until it is dropped.
///
/// A waiting request polls. To wake it, the request that ends would have to run another request's future, which the
/// components' async interface does not support.
pub struct Queued<'a> {
    shared: &'a Rc<Shared>,
    number: u64,
}

impl<'a> Queued<'a> {
    /// The turn, if it has come. The request then leaves the queue.
    #[must_use]
    pub fn turn(&self) -> Option<Turn<'a>> {
        let (is_next, places_then) = self.shared.change(|state| {
            let is_next = state.queue.front() == Some(&self.number) && !state.is_hashing;
            if is_next {
                state.queue.pop_front();
                state.is_hashing = true;
                state.is_long = false;
            }
            (is_next, state.places)
        });
        is_next.then(|| Turn {
            shared: self.shared,
            places_then,
        })
    }

    /// How long to wait before checking again: half of the time that the requests ahead are expected to take.
    ///
    /// # Errors
    /// [`Overloaded`] if its total wait, of which `waited` has passed, is expected to exceed five seconds.
    pub fn pause(&self, waited: Duration) -> Result<Duration, Overloaded> {
        let expected = {
            let state = self.shared.state.borrow();
            let before = state.queue.iter().take_while(|it| **it != self.number);
            let before = u32::try_from(before.count()).unwrap_or(u32::MAX);
            let all = state.crowd_with(state.places);
            let each = all.checked_div(state.places).unwrap_or_default();
            each.saturating_mul(before)
        };
        if waited.saturating_add(expected) > LONGEST_WAIT {
            return Err(HashingGate(Rc::clone(self.shared)).overloaded());
        }
        Ok(half(expected).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.shared
            .change(|state| state.queue.retain(|number| *number != self.number));
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queued")
    }
}

/// The turn to hash, until it is dropped.
pub struct Turn<'a> {
    shared: &'a Rc<Shared>,
    /// How many requests were in the gate when it began.
    places_then: u32,
}

impl Turn<'_> {
    /// Marks the turn as long: idle instances have had time to take the requests that the host had for this one. If
    /// requests are still waiting, no instance was idle, and they are better off here, where they may be refused.
    pub fn mark_as_long(&self) {
        self.shared.change(|state| state.is_long = true);
    }

    /// How many parts of the hash to compute until the next pause. Keyback's own hashes have 128.
    #[must_use]
    pub fn slice(&self) -> u32 {
        let state = self.shared.state.borrow();
        state.pace.slice(state.places)
    }

    /// Records how long the pause after a slice was.
    pub fn note_pause(&self, pause: Duration) {
        self.shared.change(|state| state.pace.note_pause(pause));
    }

    /// Ends the turn, and records how long the hash took. Only for Keyback's own hashes: the time of others depends on
    /// the account, and hashes that never pause reveal nothing about the load of the machine.
    pub fn end(self, time: HashTime) {
        if time.computed >= time.taken {
            return;
        }
        // The clock may have jumped.
        let taken = time.taken.min(LONGEST_RETRY);
        self.shared.change(|state| {
            // Instances compute in proportion to how many requests are in their gates, so all gates finish at about the
            // same time. A request that came during the hash adds only its own computing time.
            let places = self.places_then.min(state.places);
            let crowd = taken.saturating_mul(places).min(LONGEST_RETRY);
            state.crowd = average(state.crowd, crowd);
            state.computed = average(state.computed, time.computed.min(LONGEST_RETRY));
            state.seen = places;
            state.undisturbed = if time.is_undisturbed() {
                state.undisturbed.saturating_add(1)
            } else {
                0
            };
        });
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.shared.change(|state| state.is_hashing = false);
    }
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

impl fmt::Debug for HashingGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashingGate")
    }
}

#[cfg(test)]
mod tests;
