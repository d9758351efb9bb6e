//! How many instances a component may have, and what each may use, as a deployment sets it for Spin.

use std::time::Duration;

/// The limits of each component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InstanceLimits {
    /// Instances at a time, besides those that [end](Self::ending). Spin has one limit for all components together,
    /// `SPIN_MAX_INSTANCE_COUNT`.
    pub(crate) count: usize,
    /// Bytes of an instance's memory; `None` for the 4 GiB that Wasm can address.
    pub(crate) memory: Option<usize>,
    /// Requests that an instance serves before it is replaced.
    pub(crate) requests: usize,
    /// Requests that an instance serves at a time.
    pub(crate) concurrent_requests: usize,
    /// How long an instance is kept without a request.
    pub(crate) idle_timeout: Duration,
}

impl InstanceLimits {
    /// How many instances that have served all their requests may finish the last of them while others take their place.
    pub(crate) const fn ending(&self) -> usize {
        self.count / 2
    }
}

impl Default for InstanceLimits {
    /// Spin's, apart from the count: Spin's 1,000 need more memory than a small machine has.
    fn default() -> Self {
        Self {
            count: 16,
            memory: None,
            requests: 128,
            concurrent_requests: 16,
            idle_timeout: Duration::from_secs(1),
        }
    }
}

/// Parses a number of at least 1.
pub(crate) fn parse_count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|count| *count > 0)
}

/// Parses a time as Spin does: whole seconds, also with `s`, or whole milliseconds with `ms`.
pub(crate) fn parse_time(text: &str) -> Option<Duration> {
    if let Some(millis) = text.strip_suffix("ms") {
        return millis.parse().ok().map(Duration::from_millis);
    }
    let seconds = text.strip_suffix('s').unwrap_or(text);
    seconds.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_for_spin() {
        assert_eq!(parse_time("2"), Some(Duration::from_secs(2)));
        assert_eq!(parse_time("2s"), Some(Duration::from_secs(2)));
        assert_eq!(parse_time("250ms"), Some(Duration::from_millis(250)));
        for bad in ["", "s", "ms", "1m", "-1", "1.5s"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_is_limited_to_none_at_all() {
        assert_eq!(parse_count("1"), Some(1));
        for bad in ["0", "", "-1", "many"] {
            assert_eq!(parse_count(bad), None, "{bad}");
        }
    }
}
