//! How long a server asks to be left alone.

use std::time::{Duration, SystemTime};

use ::http::HeaderMap;

use crate::base::timestamp::Timestamp;

/// Longer waits are cut to this.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Smaller numbers are seconds from now; larger ones are Unix times. As a time, this is in 1973, before any rate limit.
const FIRST_UNIX_SECONDS: u64 = 100_000_000;
/// Larger numbers are milliseconds since 1970.
const LAST_UNIX_SECONDS: u64 = 100_000_000_000;
/// Larger numbers are ignored.
const LAST_UNIX_MILLIS: u64 = 100_000_000_000_000;

/// The wait that an answer received at `now` asks for, at most a day. `None` if it asks for none, or for one that is
/// already over.
///
/// That is `Retry-After` (RFC 9110 §10.2.3) in seconds, or as a date, which is relative to the answer's own `Date` if
/// it has one. Some APIs send `RateLimit-Reset` or `X-RateLimit-Reset` instead, in seconds from now or since 1970.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let date = |name: &str| httpdate::parse_http_date(text(name)?).ok();
    let until = |time: SystemTime| {
        let now = date("date").or_else(|| since_1970(now.unix_millis()))?;
        time.duration_since(now).ok()
    };
    let reset = |name: &str| match whole_seconds(text(name)?)? {
        seconds @ ..FIRST_UNIX_SECONDS => Some(Duration::from_secs(seconds)),
        seconds @ FIRST_UNIX_SECONDS..LAST_UNIX_SECONDS => {
            until(since_1970(seconds.saturating_mul(1000))?)
        }
        millis @ LAST_UNIX_SECONDS..LAST_UNIX_MILLIS => until(since_1970(millis)?),
        _ => None,
    };
    let seconds = text("retry-after").and_then(whole_seconds);
    let wait = seconds
        .map(Duration::from_secs)
        .or_else(|| until(date("retry-after")?))
        .or_else(|| reset("ratelimit-reset"))
        .or_else(|| reset("x-ratelimit-reset"));
    wait.map(|wait| wait.min(LONGEST_WAIT))
}

/// A number of seconds. Some servers send a fraction, which is rounded up.
fn whole_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let more = fraction.bytes().any(|digit| digit != b'0');
    Some(whole.parse::<u64>().ok()?.saturating_add(more.into()))
}

fn since_1970(millis: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use ::http::{HeaderName, HeaderValue};

    use super::*;

    /// The seconds that these headers ask for at 2026-11-23T09:00:00Z.
    fn wait(headers: &[(&'static str, &str)]) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        let now = Timestamp::from_unix_millis(1_795_424_400_000);
        retry_after(&headers.collect(), now).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_comes_as_seconds_as_a_date_or_as_the_end_of_a_window() {
        let date = ("date", "Mon, 23 Nov 2026 09:00:00 GMT");
        for (headers, seconds) in [
            (vec![("retry-after", "7")], Some(7)),
            (vec![("retry-after", " 7 "), date], Some(7)),
            (vec![("retry-after", "0")], Some(0)),
            (vec![("retry-after", "0.25")], Some(1)),
            (vec![("retry-after", "2.0")], Some(2)),
            (
                vec![("retry-after", "Mon, 23 Nov 2026 09:02:00 GMT"), date],
                Some(120),
            ),
            (
                vec![("retry-after", "Mon, 23 Nov 2026 08:00:00 GMT"), date],
                None,
            ),
            // Without a `Date`, our own clock counts.
            (
                vec![("retry-after", "Mon, 23 Nov 2026 09:03:00 GMT")],
                Some(180),
            ),
            (vec![("retry-after", "Mon, 23 Nov 2026 08:59:00 GMT")], None),
            (vec![("retry-after", "soon"), date], None),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "1e3")], None),
            (vec![("retry-after", "999999999999")], Some(86_400)),
            (vec![("x-ratelimit-reset", "1795424430")], Some(30)),
            (vec![("x-ratelimit-reset", "1795424460"), date], Some(60)),
            (vec![("x-ratelimit-reset", "1795424445000")], Some(45)),
            (vec![("ratelimit-reset", "3")], Some(3)),
            (
                vec![("retry-after", "9"), ("ratelimit-reset", "3")],
                Some(9),
            ),
            (vec![("x-ratelimit-reset", "1795424000")], None),
            (vec![("x-ratelimit-reset", "18446744073709551615")], None),
            (vec![date], None),
        ] {
            assert_eq!(wait(&headers), seconds, "{headers:?}");
        }
    }
}
