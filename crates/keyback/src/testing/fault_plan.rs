//! Which operations of the store, or calls of a provider, fail: decided by a seed, so that a failure can be repeated.

use crate::ports::SecureRandom as _;
use crate::testing::SeededRandom;

/// A cut connection fails at most this many operations.
const LONGEST_CUT: u64 = 8;

/// A plan of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultPlan {
    /// Plans with the same seed are the same.
    pub seed: u64,
    /// Of 256 operations, so many have a fault of their own.
    pub share: u8,
}

/// The fault of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not done.
    Fail,
    /// It is done, and its answer is lost.
    Lose,
    /// Neither it nor the next few are done.
    Cut,
}

impl FaultPlan {
    /// The fault of operation number `number`, which may be a [`Fault::Cut`] that began shortly before it.
    #[must_use]
    pub fn fault(self, number: u64) -> Option<Fault> {
        let is_cut = |back: &u64| {
            let before = number.checked_sub(*back);
            let drawn = before.and_then(|before| self.drawn(before));
            drawn.is_some_and(|(fault, length)| fault == Fault::Cut && length > *back)
        };
        if (0..LONGEST_CUT).any(|back| is_cut(&back)) {
            return Some(Fault::Cut);
        }
        self.drawn(number).map(|(fault, _)| fault)
    }

    /// The fault drawn for operation number `number`, and how many operations it lasts if it is a cut.
    fn drawn(self, number: u64) -> Option<(Fault, u64)> {
        let mut drawn = [0; 3];
        let state = self.seed.wrapping_mul(1_000_003).wrapping_add(number);
        SeededRandom::new(state.wrapping_mul(0xd129_0d3a_6cbf_a9a5))
            .fill(&mut drawn)
            .ok()?;
        let [hit, kind, length] = drawn;
        (hit < self.share).then(|| {
            let fault = match kind % 3 {
                0 => Fault::Fail,
                1 => Fault::Lose,
                _ => Fault::Cut,
            };
            (fault, 1 + u64::from(length) % LONGEST_CUT)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_its_share_of_faults_of_each_kind_and_always_the_same() {
        let plan = FaultPlan { seed: 3, share: 16 };
        let faults = |plan: FaultPlan| (0..4_096).map(move |number| plan.fault(number));
        for (kind, least, most) in [
            (Fault::Fail, 40, 130),
            (Fault::Lose, 40, 130),
            (Fault::Cut, 200, 500),
        ] {
            let count = faults(plan).flatten().filter(|it| *it == kind).count();
            assert!((least..most).contains(&count), "{count} of {kind:?}");
        }
        assert!(faults(plan).eq(faults(plan)));
        assert!(!faults(plan).eq(faults(FaultPlan { seed: 4, ..plan })));
        assert!(faults(FaultPlan { share: 0, ..plan }).all(|it| it.is_none()));
    }
}
