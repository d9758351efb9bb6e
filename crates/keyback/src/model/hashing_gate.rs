//! The gate before password hashing: one hash at a time in an instance, and a short queue. Whoever would wait too long is
//! refused at once.
//!
//! An instance sees no other, but it can tell how crowded the machine is: by how long its own last hashes took, and how much
//! of that they computed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::base::random::SecureRandom;

/// Whoever is expected to wait longer for the end of the hash is not let in.
const PATIENCE: Duration = Duration::from_secs(3);
/// Whoever is in, and is expected to have waited longer for its turn, is sent away: whoever asked has probably left by then.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The bounds of `Retry-After`.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// The bounds of the pauses in which those who wait look whether it is their turn.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The requests of an instance that hash, or wait to. Clones are the same gate.
#[derive(Clone)]
pub struct HashingGate(Rc<Shared>);

struct Shared {
    state: RefCell<State>,
    hold_back: fn(bool),
}

#[derive(Default)]
struct State {
    /// How many requests are in the gate, the one that hashes included.
    places: u32,
    hashes: bool,
    /// Who waits for a turn, by number.
    queue: VecDeque<u64>,
    next_number: u64,
    /// How long a hash takes: the last one and, with half the weight, the ones before it.
    usual: Duration,
    /// How many hashes in a row were not disturbed.
    undisturbed: u32,
    holds_back: bool,
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
    /// A gate that nobody is in. `hold_back` asks the host to send this instance no further requests (true), or to send it
    /// some again (false).
    #[must_use]
    pub fn new(hold_back: fn(bool)) -> Self {
        Self(Rc::new(Shared {
            state: RefCell::default(),
            hold_back,
        }))
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

/// True for as many as make up for it that each takes `expected` rather than [`PATIENCE`].
fn is_drawn(expected: Duration, random: &impl SecureRandom) -> bool {
    let mut drawn = [0; 4];
    if random.fill(&mut drawn).is_err() {
        return false;
    }
    let share = PATIENCE.as_secs_f64() / expected.as_secs_f64();
    f64::from(u32::from_le_bytes(drawn)) < share * f64::from(u32::MAX)
}

impl Shared {
    /// How many are in the gate, and how long one more would take.
    fn expected(&self) -> (u32, Duration) {
        let state = self.state.borrow();
        let places = state.places;
        (places, state.usual.saturating_mul(places.saturating_add(1)))
    }

    /// Changes the state, and what is asked of the host accordingly.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.borrow_mut();
        change(&mut state);
        let is_full = state.undisturbed >= UNDISTURBED && state.places > 0;
        let asks = is_full != std::mem::replace(&mut state.holds_back, is_full);
        drop(state);
        if asks {
            (self.hold_back)(is_full);
        }
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
        let mut state = self.0.state.borrow_mut();
        let number = state.next_number;
        state.next_number = number.wrapping_add(1);
        state.queue.push_back(number);
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
        let mut state = self.shared.state.borrow_mut();
        let is_next = state.queue.front() == Some(&self.number) && !state.hashes;
        if !is_next {
            return None;
        }
        state.queue.pop_front();
        state.hashes = true;
        drop(state);
        Some(Turn(self.shared))
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
            state.usual.saturating_mul(before)
        };
        if waited.saturating_add(expected) > LONGEST_WAIT {
            return Err(HashingGate(Rc::clone(self.shared)).overloaded());
        }
        Ok((expected / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state.borrow_mut();
        state.queue.retain(|number| *number != self.number);
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queued")
    }
}

/// The turn to hash, until it is dropped.
pub struct Turn<'a>(&'a Rc<Shared>);

impl Turn<'_> {
    /// Ends the turn, and remembers how long it took.
    pub fn end(self, time: HashTime) {
        self.0.change(|state| {
            state.usual = match state.usual {
                Duration::ZERO => time.taken,
                usual => (usual + time.taken) / 2,
            };
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
        self.0.state.borrow_mut().hashes = false;
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
