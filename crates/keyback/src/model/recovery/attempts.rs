//! How many guesses at codes are left for a day.
//!
//! The counter of a day is never reset: each challenge counts its own guesses from the counter's value at issue. Two
//! kinds of guesses do not count towards the day: those that an administrator has forgiven, and those at a code whose
//! own guesses were used up, none of which could have been right.

use serde::{Deserialize, Serialize};

use crate::model::recovery::Recovery;

/// How many challenges of a day are remembered with their guesses. All guesses at older ones count.
const REMEMBERED: usize = 32;

/// Limits on wrong codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptCaps {
    /// `attempts_per_challenge`: 1 to 100.
    pub per_challenge: u32,
    /// `attempts_per_account_per_day`, across all challenges.
    pub per_day: u32,
}

/// Attempts at codes that an administrator has forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgiven {
    /// Days since 1970 in UTC.
    pub day: u64,
    /// How many of that day's attempts are forgiven.
    pub attempts: i64,
}

/// The guesses at the challenges of a day before the latest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierGuesses {
    /// Days since 1970 in UTC.
    day: u64,
    guesses: Vec<Guesses>,
}

/// The values of the day's counter while a challenge was the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Guesses {
    /// When it was issued.
    from: i64,
    /// When the next one was issued, or this one was stopped.
    to: i64,
}

impl Guesses {
    /// The guesses beyond `most`, and beyond the first `forgiven` of the day.
    fn excess(self, most: u32, forgiven: i64) -> i64 {
        let counted = self.from.saturating_add(i64::from(most)).max(forgiven);
        self.to.saturating_sub(counted).max(0)
    }
}

impl Recovery {
    /// `caps` for `day`, raised by the attempts that do not count. There were `attempts` on it so far.
    #[must_use]
    pub fn caps_on(&self, day: u64, attempts: i64, caps: AttemptCaps) -> AttemptCaps {
        let forgiven = self.forgiven.filter(|forgiven| forgiven.day == day);
        let forgiven = forgiven.map_or(0, |forgiven| forgiven.attempts);
        let excess = self.guesses_on(day, attempts).into_iter();
        let excess = excess.map(|guesses| guesses.excess(caps.per_challenge, forgiven));
        let uncounted = excess.fold(forgiven, i64::saturating_add);
        let uncounted = u32::try_from(uncounted).unwrap_or_default();
        AttemptCaps {
            per_day: caps.per_day.saturating_add(uncounted),
            ..caps
        }
    }

    /// The guesses to store when the latest challenge is replaced or stopped. The counter of `day` stands at `attempts`.
    pub(super) fn earlier_guesses(&self, day: u64, attempts: i64) -> Option<EarlierGuesses> {
        let guesses = self.guesses_on(day, attempts);
        (!guesses.is_empty()).then_some(EarlierGuesses { day, guesses })
    }

    /// The guesses at the challenges of `day`. Those at the latest one end at `attempts`, the counter's value.
    fn guesses_on(&self, day: u64, attempts: i64) -> Vec<Guesses> {
        let earlier = self.earlier.as_ref().filter(|earlier| earlier.day == day);
        let mut guesses = earlier.map_or_else(Vec::new, |earlier| earlier.guesses.clone());
        let latest = self.challenge.as_ref();
        if let Some(latest) = latest.filter(|challenge| challenge.attempts_day == day) {
            add(&mut guesses, latest.attempts_before, attempts);
        }
        guesses
    }
}

/// Adds the guesses between two readings of the counter. No guess counts twice, in whatever order challenges were
/// issued.
fn add(guesses: &mut Vec<Guesses>, from: i64, to: i64) {
    let end = guesses.last().map_or(0, |last| last.to);
    let from = from.max(end);
    if to > from {
        guesses.push(Guesses { from, to });
    }
    guesses.drain(..guesses.len().saturating_sub(REMEMBERED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_guess_is_left_out_twice_however_challenges_overlap() {
        let mut guesses = Vec::new();
        for (from, to) in [(0, 100), (0, 100), (40, 103), (103, 110)] {
            add(&mut guesses, from, to);
        }
        let excess: i64 = guesses.iter().map(|it| it.excess(5, 0)).sum();
        // Five of the first, three of the third and five of the last could have been right.
        assert_eq!(110 - excess, 13);
    }

    #[test]
    fn only_the_latest_are_remembered() {
        let mut guesses = Vec::new();
        for number in 0..100 {
            add(&mut guesses, number * 10, number * 10 + 10);
        }
        assert_eq!(guesses.len(), REMEMBERED);
        assert_eq!(guesses.last().map(|it| it.to), Some(1_000));
    }
}
