//! Limits: a count per fixed window.

use std::time::Duration;

use crate::base::timestamp::Timestamp;

/// At most `count` in each window of `seconds`; windows are fixed and start at multiples of their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    count: u32,
    seconds: u32,
}

impl Limit {
    /// At most `count` in each window of `seconds`.
    #[must_use]
    pub const fn new(count: u32, seconds: u32) -> Self {
        Self { count, seconds }
    }

    /// Parses `count/seconds`, such as `20/3600`: 1 to 10,000,000 in 1 second to 31 days.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, seconds) = text.trim().split_once('/')?;
        let limit = Self {
            count: count.parse().ok()?,
            seconds: seconds.parse().ok()?,
        };
        ((1..=10_000_000).contains(&limit.count) && (1..=31 * 86_400).contains(&limit.seconds))
            .then_some(limit)
    }

    /// Parses several limits, separated by commas.
    #[must_use]
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(Self::parse).collect()
    }

    /// How many are allowed in a window.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// The length of one fixed window.
    #[must_use]
    pub const fn window(self) -> Duration {
        Duration::from_secs(self.seconds as u64)
    }

    /// The number of the window that `now` falls into.
    #[must_use]
    pub fn window_at(self, now: Timestamp) -> u64 {
        now.unix_seconds()
            .checked_div(u64::from(self.seconds))
            .unwrap_or_default()
    }

    /// When the window that `now` falls into ends.
    #[must_use]
    pub fn window_end(self, now: Timestamp) -> Timestamp {
        let seconds = self
            .window_at(now)
            .saturating_add(1)
            .saturating_mul(u64::from(self.seconds));
        Timestamp::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// The limit for calls that are made several times per operation: `factor` times as many in the same window.
    #[must_use]
    pub const fn times(self, factor: u32) -> Self {
        Self {
            count: self.count.saturating_mul(factor),
            ..self
        }
    }

    /// Whether the `number`th call of a window is still allowed.
    #[must_use]
    pub fn allows(self, number: i64) -> bool {
        number <= i64::from(self.count)
    }
}

/// A limit was exceeded: which one, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitExceeded {
    /// The name in the `RateLimit` fields, such as `forgot-password`.
    pub name: &'static str,
    /// For the `RateLimit-Policy` field.
    pub limit: Limit,
    /// The time until the window ends, in whole seconds, at least 1.
    pub retry_after: Duration,
}

impl LimitExceeded {
    /// `limit` was exceeded at `now`.
    #[must_use]
    pub fn new(name: &'static str, limit: Limit, now: Timestamp) -> Self {
        let left = limit.window_end(now).since(now);
        let seconds = u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        Self {
            name,
            limit,
            retry_after: Duration::from_secs(seconds.max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_pairs_and_refuses_the_rest() {
        assert_eq!(
            Limit::parse_list("5/3600,10/86400").unwrap(),
            [
                Limit {
                    count: 5,
                    seconds: 3600
                },
                Limit {
                    count: 10,
                    seconds: 86_400
                }
            ]
        );
        for bad in [
            "",
            "5",
            "5/",
            "0/60",
            "5/0",
            "-1/60",
            "5/60/1",
            "5/60,",
            "1/99999999",
        ] {
            assert_eq!(Limit::parse_list(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_window_ends_at_a_multiple_of_its_length() {
        let limit = Limit::parse("2/60").unwrap();
        let now = Timestamp::from_unix_millis(119_001);
        assert_eq!(limit.window_at(now), 1);
        assert_eq!(limit.window_end(now).unix_millis(), 120_000);
        assert_eq!(
            LimitExceeded::new("x", limit, now).retry_after,
            Duration::from_secs(1)
        );
        assert!(limit.allows(2) && !limit.allows(3));
    }
}
