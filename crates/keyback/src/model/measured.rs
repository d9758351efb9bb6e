//! Measurements, and the counts made from them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::email::EmailState;

/// The upper bounds of the buckets for hashing times, in milliseconds.
const HASHING_BUCKETS: [u64; 7] = [25, 50, 100, 250, 500, 1_000, 2_500];

/// Something to measure that happened once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured<'a> {
    /// A call was answered.
    Call {
        /// The method; methods that no call has count as `other`.
        method: &'a str,
        /// The route as the contract has it, with `:id` for any id.
        route: &'static str,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// An email entered a state.
    Email {
        /// The state that the email is in now.
        state: EmailState,
        /// The provider that was asked, if one was.
        provider: Option<&'a str>,
    },
    /// A password was hashed or verified, in this time.
    Hashing(Duration),
    /// A limit was exceeded.
    Limit(&'static str),
}

/// Counts of measurements, by series. A series is named as in the Prometheus text format, without the prefix
/// `keyback_`. Its parts are our own words, never a client's, so their number is bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Adds 1 to the series of `measured`, and a hashing time to its bucket and sum.
    pub fn note(&mut self, measured: &Measured<'_>) {
        match measured {
            Measured::Call {
                method,
                route,
                status,
            } => {
                let method = known_method(method);
                self.count(format!(
                    "calls_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
                ));
            }
            Measured::Email { state, provider } => {
                let (state, provider) = (state.as_str(), provider.unwrap_or("none"));
                self.count(format!(
                    "emails_total{{state=\"{state}\",provider=\"{provider}\"}}"
                ));
            }
            Measured::Hashing(time) => self.note_hashing(*time),
            Measured::Limit(name) => self.count(format!("limits_hit_total{{limit=\"{name}\"}}")),
        }
    }

    fn note_hashing(&mut self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        for bound in HASHING_BUCKETS.into_iter().filter(|bound| millis <= *bound) {
            self.count(hashing_bucket(bound));
        }
        self.count("hashing_seconds_count".to_owned());
        self.add_to("hashing_seconds_sum".to_owned(), millis);
    }

    fn count(&mut self, series: String) {
        self.add_to(series, 1);
    }

    fn add_to(&mut self, series: String, amount: u64) {
        let count = self.0.entry(series).or_default();
        *count = count.saturating_add(amount);
    }

    /// Adds the counts of another tally.
    pub fn add(&mut self, other: Self) {
        for (series, count) in other.0 {
            self.add_to(series, count);
        }
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All series whose name is `family` with labels, and their counts.
    pub fn family<'a>(&'a self, family: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        let series = self.0.iter().map(|(name, count)| (name.as_str(), *count));
        series.filter(move |(name, _)| {
            let labels = name.strip_prefix(family);
            labels.is_some_and(|labels| labels.starts_with('{'))
        })
    }

    /// The series of the histogram of hashing times, in its order; sums and bounds in seconds.
    #[must_use]
    pub fn hashing(&self) -> Vec<(String, String)> {
        let count_of = |name: &str| self.0.get(name).copied().unwrap_or_default();
        let hashings = count_of("hashing_seconds_count").to_string();
        let buckets = HASHING_BUCKETS.map(|bound| {
            let name = hashing_bucket(bound);
            let count = count_of(&name).to_string();
            (name, count)
        });
        let rest = [
            ("hashing_seconds_bucket{le=\"+Inf\"}", hashings.clone()),
            (
                "hashing_seconds_sum",
                seconds(count_of("hashing_seconds_sum")),
            ),
            ("hashing_seconds_count", hashings),
        ];
        let rest = rest.map(|(name, value)| (name.to_owned(), value));
        buckets.into_iter().chain(rest).collect()
    }
}

fn known_method(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "other",
    }
}

fn hashing_bucket(bound_millis: u64) -> String {
    format!("hashing_seconds_bucket{{le=\"{}\"}}", seconds(bound_millis))
}

/// Milliseconds as seconds with three decimals.
fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_counted_by_series_and_adds_up() {
        let mut tally = Tally::default();
        assert!(tally.is_empty());
        let call = |method| Measured::Call {
            method,
            route: "/v1/sign-in",
            status: 200,
        };
        tally.note(&call("POST"));
        tally.note(&call("\"}\n"));
        tally.note(&Measured::Limit("sign-in"));
        let mut sum = tally.clone();
        sum.add(tally);
        let calls: Vec<_> = sum.family("calls_total").collect();
        let series = |method| {
            format!("calls_total{{method=\"{method}\",route=\"/v1/sign-in\",status=\"200\"}}")
        };
        assert_eq!(
            calls,
            [(series("POST").as_str(), 2), (series("other").as_str(), 2)]
        );
        assert_eq!(sum.family("calls").count(), 0);
        let limits: Vec<_> = sum.family("limits_hit_total").collect();
        assert_eq!(limits, [("limits_hit_total{limit=\"sign-in\"}", 2)]);
    }

    #[test]
    fn a_histogram_has_all_its_buckets_each_with_those_below_it() {
        let mut tally = Tally::default();
        for millis in [30, 50, 3_000] {
            tally.note(&Measured::Hashing(Duration::from_millis(millis)));
        }
        let series = tally.hashing();
        let counts: Vec<_> = series.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            counts,
            ["0", "2", "2", "2", "2", "2", "2", "3", "3.080", "3"]
        );
        assert_eq!(series[0].0, "hashing_seconds_bucket{le=\"0.025\"}");
        assert_eq!(series[7].0, "hashing_seconds_bucket{le=\"+Inf\"}");
        assert_eq!(Tally::default().hashing().len(), series.len());
    }
}
