//! Points in time, in milliseconds since 1970.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The timestamp `millis` milliseconds after the Unix epoch.
    #[must_use]
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn unix_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn unix_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Whole minutes since the Unix epoch.
    #[must_use]
    pub const fn unix_minutes(self) -> u64 {
        self.0 / 60_000
    }

    /// This time and `duration`; stops at the end of time instead of overflowing.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// This time minus `duration`; stops at the Unix epoch.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// The time since `earlier`; zero if this is not later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Parses RFC 3339, such as `2026-11-23T09:00:00Z`, or a date alone: the beginning of that day in UTC. `None` for anything
    /// else, and for times before 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339));
        let millis = parsed.ok()?.unix_timestamp_nanos().checked_div(1_000_000)?;
        u64::try_from(millis).ok().map(Self)
    }

    /// RFC 3339 in UTC with whole seconds, such as `2026-11-23T09:00:00Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        i64::try_from(self.unix_seconds())
            .ok()
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .and_then(|time| time.format(&Rfc3339).ok())
            .unwrap_or_default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_whole_seconds_in_utc() {
        assert_eq!(
            Timestamp::from_unix_millis(1_795_424_400_987).rfc3339(),
            "2026-11-23T09:00:00Z"
        );
    }

    #[test]
    fn a_time_or_a_date_is_read() {
        let nine = Timestamp::from_unix_millis(1_795_424_400_000);
        for text in ["2026-11-23T09:00:00Z", "2026-11-23T10:00:00+01:00"] {
            assert_eq!(Timestamp::parse(text), Some(nine), "{text}");
        }
        let midnight = nine.minus(Duration::from_hours(9));
        assert_eq!(Timestamp::parse("2026-11-23"), Some(midnight));
        for bad in [
            "",
            "T00:00:00Z",
            "2026-11-23T09:00:00",
            "2026-13-01",
            "1969-12-31",
            "23.11.2026",
            "1795424400",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        let start = Timestamp::from_unix_millis(5);
        assert_eq!(start.minus(Duration::from_secs(1)).unix_millis(), 0);
        assert_eq!(start.plus(Duration::MAX).unix_millis(), u64::MAX);
        assert_eq!(start.since(Timestamp::from_unix_millis(9)), Duration::ZERO);
    }
}
