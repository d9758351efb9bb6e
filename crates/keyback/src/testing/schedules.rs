//! The orders in which concurrent callers can take turns at the store.
//!
//! Each call to the store or the provider is one turn. [`explore`] runs the same callers again and again, each time in
//! another order. First it runs all orders in which no caller interrupts another, then those with one interruption,
//! then with two, and so on, since most races need few. If there are too many, it runs a sample of the rest.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use crate::ports::SecureRandom as _;
use crate::testing::{SeededRandom, Step, step};

#[cfg(test)]
mod tests;

/// A call, and the work after its answer, that is run one operation at a time.
pub type Caller<T> = Pin<Box<dyn Future<Output = T>>>;

/// How many orders were explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explored {
    /// The number of different orders that were run to the end.
    pub orders: usize,
    /// Whether there are no others.
    pub all: bool,
}

/// One turn of an order: who took it, and who else could have.
struct Turn {
    taken: usize,
    able: Vec<usize>,
    /// The caller that had the turn before, if it could have continued.
    could_go_on: Option<usize>,
}

/// Runs the callers that `begin` makes, with their shared state, in up to `most` orders, and in `most / 10` random ones
/// if there are more. `check` gets the shared state and each caller's result.
///
/// `KEYBACK_ORDERS` in the environment multiplies `most`, to search further than a quick test can.
pub fn explore<W, T>(
    most: usize,
    begin: impl Fn() -> (W, Vec<Caller<T>>),
    check: impl Fn(W, Vec<T>),
) -> Explored {
    let times = std::env::var("KEYBACK_ORDERS").ok();
    let times = times.and_then(|times| times.parse().ok()).unwrap_or(1);
    let most = most.saturating_mul(times);
    // Orders that have not run yet, by their number of interruptions. Each is given by its first turns.
    let mut waiting: Vec<VecDeque<Vec<usize>>> = vec![VecDeque::from([Vec::new()])];
    let mut explored = Explored {
        orders: 0,
        all: true,
    };
    while let Some(first_turns) = waiting.iter_mut().find_map(VecDeque::pop_front) {
        if explored.orders == most {
            explored.all = false;
            break;
        }
        explored.orders += 1;
        let (shared, callers) = begin();
        let (brought, turns) = run(callers, |number, able, last| {
            let polite = || last.filter(|last| able.contains(last));
            let given = first_turns.get(number).copied();
            given.or_else(polite).unwrap_or(able[0])
        });
        check(shared, brought);
        let taken: Vec<usize> = turns.iter().map(|turn| turn.taken).collect();
        let mut interruptions = 0;
        for (number, turn) in turns.iter().enumerate() {
            let others = turn.able.iter().filter(|other| **other != turn.taken);
            for other in others.filter(|_| number >= first_turns.len()) {
                let with_it = interruptions + usize::from(turn.is_interruption_by(*other));
                if waiting.len() <= with_it {
                    waiting.resize_with(with_it + 1, VecDeque::new);
                }
                if waiting[with_it].len() < most {
                    waiting[with_it].push_back([&taken[..number], &[*other]].concat());
                } else {
                    explored.all = false;
                }
            }
            interruptions += usize::from(turn.is_interruption_by(turn.taken));
        }
    }
    if !explored.all {
        for seed in 0..most / 10 {
            let random = SeededRandom::new(seed as u64);
            let (shared, callers) = begin();
            let (brought, _) = run(callers, |_, able, _| {
                let mut byte = [0];
                random.fill(&mut byte).unwrap();
                able[usize::from(byte[0]) % able.len()]
            });
            check(shared, brought);
        }
    }
    explored
}

impl Turn {
    fn is_interruption_by(&self, caller: usize) -> bool {
        self.could_go_on.is_some_and(|last| last != caller)
    }
}

/// Lets the callers take turns as `choose` decides, which gets the number of the turn, the callers that can take it,
/// and the one that had the last.
fn run<T>(
    mut callers: Vec<Caller<T>>,
    choose: impl Fn(usize, &[usize], Option<usize>) -> usize,
) -> (Vec<T>, Vec<Turn>) {
    let mut brought: Vec<Option<T>> = callers.iter().map(|_| None).collect();
    let mut asleep = vec![false; callers.len()];
    let mut turns: Vec<Turn> = Vec::new();
    loop {
        let at_work: Vec<usize> = (0..callers.len())
            .filter(|caller| brought[*caller].is_none())
            .collect();
        if at_work.is_empty() {
            return (brought.into_iter().flatten().collect(), turns);
        }
        let mut able = at_work.clone();
        able.retain(|caller| !asleep[*caller]);
        if able.is_empty() {
            able = at_work;
        }
        let last = turns.last().map(|turn| turn.taken);
        let taken = choose(turns.len(), &able, last);
        // Sleeping callers wake once another has done something.
        asleep.fill(false);
        match step(callers[taken].as_mut()) {
            Step::Done(it) => brought[taken] = Some(it),
            Step::Sleeping => asleep[taken] = true,
            Step::Waiting => (),
        }
        turns.push(Turn {
            taken,
            could_go_on: last.filter(|last| able.contains(last)),
            able,
        });
        assert!(turns.len() < 100_000, "the callers do not end");
    }
}
