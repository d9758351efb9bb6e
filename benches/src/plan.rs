//! How much is measured.

use std::time::Duration;

use crate::calls::Kind;

/// How often each call is made, and over how many connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many rounds there are, in each of which every call is measured on every server.
    pub(crate) rounds: usize,
    /// Numbers of connections, each measured on its own.
    pub(crate) connections: &'static [usize],
    /// Calls that hash a password, in one round.
    pub(crate) slow: usize,
    /// Calls that do not, but use the store.
    pub(crate) quick: usize,
    /// Calls that do nothing but answer.
    pub(crate) plain: usize,
    /// The number of accounts at the start.
    pub(crate) accounts: usize,
    /// How long to search for the slowest password of each length.
    pub(crate) search: Duration,
    /// The numbers of accounts with which searches are measured.
    pub(crate) searched: &'static [usize],
}

impl Plan {
    /// For `docs/performance.md`.
    pub(crate) const FULL: Self = Self {
        rounds: 3,
        connections: &[1, 16],
        slow: 80,
        quick: 200,
        plain: 1000,
        accounts: 10_000,
        search: Duration::from_secs(4),
        searched: &[100, 10_000, 100_000],
    };

    /// For a quick look between two changes.
    pub(crate) const QUICK: Self = Self {
        rounds: 2,
        connections: &[1],
        slow: 32,
        quick: 100,
        plain: 300,
        accounts: 10_000,
        search: Duration::from_secs(1),
        searched: &[],
    };

    /// Whether everything works at all.
    pub(crate) const SMOKE: Self = Self {
        rounds: 1,
        connections: &[2],
        slow: 2,
        quick: 6,
        plain: 4,
        accounts: 50,
        search: Duration::from_millis(50),
        searched: &[50],
    };

    /// How many calls of a kind there are in one round.
    pub(crate) const fn calls(&self, kind: Kind) -> usize {
        match kind {
            Kind::Health | Kind::Policy | Kind::Page => self.plain,
            // No more than the resets by code use.
            Kind::VerifyOtp => self.slow,
            _ if kind.hashes() => self.slow,
            _ => self.quick,
        }
    }

    /// The unmeasured round before all others.
    pub(crate) const fn warm_up(&self) -> Self {
        let few = if self.slow < 10 { self.slow } else { 10 };
        Self {
            rounds: 1,
            slow: few,
            quick: few * 2,
            plain: few * 5,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_mails_enough_for_codes_and_links() {
        for plan in [Plan::FULL, Plan::QUICK, Plan::SMOKE] {
            for plan in [plan, plan.warm_up()] {
                let used = plan.calls(Kind::VerifyOtp) + plan.calls(Kind::ResetByLink);
                assert!(plan.calls(Kind::ForgotKnown) >= used, "{plan:?}");
                assert!(plan.calls(Kind::VerifyOtp) >= plan.calls(Kind::ResetByCode));
            }
        }
    }
}
