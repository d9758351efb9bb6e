//! Whether two kinds of times can be told apart: the two-sample Kolmogorov-Smirnov test at the level of 0.1 %.
//!
//! What can be told apart is measured again, up to [`TRIES`] times in all, and has to be found once more: a machine that is
//! busy with something else may disturb one measurement. Two alike kinds fail by chance in one of 500,000 runs: 0.1 %, and
//! then 0.1 % in one of two. A difference that a measurement finds in 80 % of the cases fails in 77 % of the runs, and one
//! that it finds in 95 % in nearly as many.

#![expect(
    clippy::cast_precision_loss,
    reason = "a few hundred measurements are far below 2^52"
)]

use std::fmt;

/// The most measurements of a comparison. The first one has to be confirmed by one of the others.
pub(crate) const TRIES: usize = 3;

/// How often one measurement may find a difference where there is none.
const LEVEL: f64 = 0.001;

/// How far apart two samples are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distance {
    /// The Kolmogorov-Smirnov statistic D: 0 for equal samples, 1 for samples that do not overlap.
    d: f64,
    /// From this D on, they can be told apart.
    limit: f64,
}

impl Distance {
    /// Sorts the samples and measures them. They are one of `comparisons` that share the level, by Bonferroni's correction.
    pub(crate) fn between<T: PartialOrd + Copy>(
        one: &mut [T],
        other: &mut [T],
        comparisons: usize,
    ) -> Self {
        sort(one);
        sort(other);
        let share = |sample: &[T], limit: T| {
            sample.partition_point(|value| *value <= limit) as f64 / sample.len() as f64
        };
        let d = one
            .iter()
            .chain(other.iter())
            .map(|limit| (share(one, *limit) - share(other, *limit)).abs())
            .fold(0.0, f64::max);
        // D is compared with c(α)·√(1/n + 1/m), where c(α) is √(−ln(α/2)/2): 1.95 for 0.1 %, and 2.2 for an eighth of it.
        let level = LEVEL / comparisons as f64;
        let critical = (-(level / 2.0).ln() / 2.0).sqrt();
        let limit = critical * (1.0 / one.len() as f64 + 1.0 / other.len() as f64).sqrt();
        Self { d, limit }
    }

    pub(crate) fn tells_apart(self) -> bool {
        self.d >= self.limit
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { d, limit } = self;
        write!(formatter, "D = {d:.3} of {limit:.3}")
    }
}

/// Where each value stands among those of both samples, from 0 to 1. Ranks of unlike measurements can be pooled.
pub(crate) fn ranks<T: PartialOrd + Copy>(one: &[T], other: &[T]) -> (Vec<f64>, Vec<f64>) {
    let mut all = [one, other].concat();
    sort(&mut all);
    let rank = |value: &T| all.partition_point(|it| it < value) as f64 / all.len() as f64;
    (
        one.iter().map(rank).collect(),
        other.iter().map(rank).collect(),
    )
}

fn sort<T: PartialOrd>(sample: &mut [T]) {
    sample.sort_unstable_by(|one, other| one.partial_cmp(other).expect("the values have an order"));
}

#[test]
fn the_comparison_tells_a_millisecond_from_none() {
    let micros = |shift: u64| -> Vec<u64> {
        let spread = (0..300).map(|round| round * 37 % 1_000);
        spread.map(|micros| 2_000 + shift + micros).collect()
    };
    let between = |shift| Distance::between(&mut micros(0), &mut micros(shift), 1);
    assert!(!between(20).tells_apart());
    assert!(between(1_000).tells_apart());
}

#[test]
fn comparisons_that_share_the_level_have_higher_limits() {
    let limit = |comparisons| Distance::between(&mut [1; 200], &mut [1; 200], comparisons).limit;
    for (comparisons, expected) in [(1, 0.195), (8, 0.220)] {
        let limit = limit(comparisons);
        assert!((limit - expected).abs() < 0.001, "{limit}");
    }
}

#[test]
fn ranks_say_where_a_value_stands_among_all() {
    let expected = (vec![0.0, 0.75], vec![0.25, 0.25]);
    assert_eq!(ranks(&[1, 9], &[5, 5]), expected);
    assert_eq!(ranks(&[100, 900], &[101, 101]), expected);
}
