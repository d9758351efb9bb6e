//! The gate before password hashing: one hash at a time in an instance, and a short queue. A request that would wait too
//! long is refused at once.
//!
//! An instance sees no other. It judges how crowded the machine is by its own last hashes: how long they took, and how much
//! of that time they computed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::base::random::SecureRandom;

mod pace;

use pace::Pace;

/// A request is not let in if its hash is expected to end later than this.
const PATIENCE: Duration = Duration::from_secs(3);
/// A request in the queue is refused once it is expected to wait for longer in all: its client has probably left by then.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The bounds of `Retry-After`.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// The bounds of the pauses after which a waiting request looks whether it is its turn.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The requests of an instance that hash, or wait to. Clones are the same gate.
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
    /// How many requests are in the gate, the one that hashes included.
    places: u32,
    /// Whether one of them has the turn.
    is_hashing: bool,
    /// Whether it has had it for long.
    is_long: bool,
    /// The numbers of the requests that wait for a turn, first come, first served.
    queue: VecDeque<u64>,
    next_number: u64,
    /// How long it takes until all who are in a gate are done, by this instance's last hashes: a moving average.
    crowd: Duration,
    /// How long a hash computes: a moving average.
    computed: Duration,
    /// How many were in this gate during the last hash.
    seen: u32,
    pace: Pace,
    /// How many hashes in a row were not disturbed.
    undisturbed: u32,
    has_backpressure: bool,
}

/// How long a hash took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HashTime {
    /// From its turn to its end.
    pub taken: Duration,
    /// How much of that it computed. The rest were pauses for others.
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
    /// A gate that nobody is in. `set_backpressure` asks the host to send this instance no further requests (true), or to send it
    /// some again (false).
    #[must_use]
    pub fn new(set_backpressure: fn(bool)) -> Self {
        Self(Rc::new(Shared {
            state: RefCell::default(),
            set_backpressure,
        }))
    }

    /// Says that a request is there, until its answer is out.
    #[must_use]
    pub fn arrive(&self) -> Present {
        self.0
            .change(|state| state.present = state.present.saturating_add(1));
        Present(self.0.clone())
    }

    /// Whether a request is there that is not in the gate: it will soon be answered, refused, or in the gate.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        let state = self.0.state.borrow();
        state.present > state.places
    }

    /// A place in the gate, for a request that will hash.
    ///
    /// # Errors
    /// [`Overloaded`] if the hash is unlikely to be done within three seconds.
    pub fn enter(&self, random: &impl SecureRandom) -> Result<Place, Overloaded> {
        let (ahead, expected) = self.0.expected();
        // With nobody ahead, the last hash may have been an exception: some find out.
        if expected > PATIENCE && (ahead > 0 || !is_drawn(expected, random)) {
            return Err(self.overloaded());
        }
        self.0
            .change(|state| state.places = state.places.saturating_add(1));
        Ok(Place(self.0.clone()))
    }

    /// The refusal of whoever waits too long, or would.
    fn overloaded(&self) -> Overloaded {
        let (_, expected) = self.0.expected();
        Overloaded {
            retry_after: expected.clamp(SHORTEST_RETRY, LONGEST_RETRY),
        }
    }
}

/// A request that has no answer yet, until it is dropped.
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

/// True for as many as make up for it that each takes `expected` rather than [`PATIENCE`].
fn is_drawn(expected: Duration, random: &impl SecureRandom) -> bool {
    let mut drawn = [0; 4];
    if random.fill(&mut drawn).is_err() {
        return false;
    }
    let share = PATIENCE.as_secs_f64() / expected.as_secs_f64();
    f64::from(u32::from_le_bytes(drawn)) < share * f64::from(u32::MAX)
}

/// A moving average, in which each value has the weight of all before it.
fn average(before: Duration, value: Duration) -> Duration {
    match before {
        Duration::ZERO => value,
        before => half(before.saturating_add(value)),
    }
}

impl State {
    /// How long it takes until all who are in a gate are done, with so many in this one.
    fn crowd_with(&self, places: u32) -> Duration {
        let more = places.saturating_sub(self.seen);
        let fewer = self.seen.saturating_sub(places);
        self.crowd
            .saturating_add(self.computed.saturating_mul(more))
            .saturating_sub(self.computed.saturating_mul(fewer))
    }
}

impl Shared {
    /// How many are in the gate, and how long one more would take.
    fn expected(&self) -> (u32, Duration) {
        let state = self.state.borrow();
        let places = state.places;
        (places, state.crowd_with(places.saturating_add(1)))
    }

    /// Changes the state, and what is asked of the host accordingly.
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

/// After so many undisturbed hashes in a row the machine has idle cores: an instance that hashes leaves further requests to
/// other instances then. On a crowded machine those would only compute by turns, and some hashes are lucky there.
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
    /// A number in the queue of those who want to hash. Turns come in the order in which they were asked for.
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
/// Whoever waits looks from time to time. To be woken would need the request that ends to run another one's future, which
/// the async interface of components has no way for.
pub struct Queued<'a> {
    shared: &'a Rc<Shared>,
    number: u64,
}

impl<'a> Queued<'a> {
    /// The turn, if it has come. From then on it is no longer in the queue.
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

    /// How long not to look again: half of the time that those before it are expected to take.
    ///
    /// # Errors
    /// [`Overloaded`] if with that it would have waited for more than five seconds, of which it `waited` so many.
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
    /// How many were in the gate when it began.
    places_then: u32,
}

impl Turn<'_> {
    /// Says that the turn has taken long enough for idle instances to take what the host had for this one. What still waits
    /// finds none, and is better off here, where it may be refused.
    pub fn mark_as_long(&self) {
        self.shared.change(|state| state.is_long = true);
    }

    /// How many parts of the hash to compute until the next pause. A hash of Keyback's own has 128.
    #[must_use]
    pub fn slice(&self) -> u32 {
        let state = self.shared.state.borrow();
        state.pace.slice(state.places)
    }

    /// Says how long the pause after a slice was.
    pub fn note_pause(&self, pause: Duration) {
        self.shared.change(|state| state.pace.note_pause(pause));
    }

    /// Ends the turn, and remembers how long the hash took. Only for hashes of Keyback's own: the time of others depends on
    /// the account, and those that never pause say nothing of the machine.
    pub fn end(self, time: HashTime) {
        if time.computed >= time.taken {
            return;
        }
        // The clock may have jumped.
        let taken = time.taken.min(LONGEST_RETRY);
        self.shared.change(|state| {
            // Instances compute in proportion to how many are in their gates. So those here are done when all others are. Who
            // came during the hash counts by its own computing time only.
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
