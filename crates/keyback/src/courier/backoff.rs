//! When to retry a delivery.

use std::time::Duration;

use crate::ports::{SecureRandom, Unavailable};

/// The time between one try and the next, in seconds: ten tries over about a day, six of them within the ten minutes
/// that a code lives.
const BACKOFF_SECONDS: [u64; 9] = [15, 30, 60, 120, 240, 1_800, 7_200, 21_600, 54_000];
/// The longest `Retry-After` that is honoured.
const LONGEST: Duration = Duration::from_hours(10);

/// Backoff after a failure: the receiver's `Retry-After`, capped at ten hours, or the first retry's delay.
///
/// # Errors
/// [`Unavailable::Random`].
pub(super) fn pause(
    after: Option<Duration>,
    random: &impl SecureRandom,
) -> Result<Duration, Unavailable> {
    Ok(match after {
        Some(after) => after.min(LONGEST),
        None => wait(1, None, random)?.unwrap_or(LONGEST),
    })
}

/// How long to wait after the failed try number `attempt`, from 1, if the receiver asks for `after`; `None` if that was
/// the last. Adds up to a fifth, so that tries that failed together are not repeated together.
///
/// # Errors
/// [`Unavailable::Random`].
pub(super) fn wait(
    attempt: u32,
    after: Option<Duration>,
    random: &impl SecureRandom,
) -> Result<Option<Duration>, Unavailable> {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(seconds) = BACKOFF_SECONDS.get(index) else {
        return Ok(None);
    };
    let wait = Duration::from_secs(*seconds);
    let mut byte = [0];
    random.fill(&mut byte)?;
    let [byte] = byte;
    let share = wait.checked_div(5).unwrap_or_default();
    let jitter = share.saturating_mul(u32::from(byte)).checked_div(255);
    let asked_for = after.unwrap_or_default().min(LONGEST);
    let wait = wait.saturating_add(jitter.unwrap_or_default());
    Ok(Some(wait.max(asked_for)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    fn wait_after(attempt: u32, after: Option<u64>) -> Option<u64> {
        let after = after.map(Duration::from_secs);
        let wait = wait(attempt, after, &SeededRandom::new(7)).unwrap();
        wait.map(|wait| wait.as_secs())
    }

    #[test]
    fn ten_tries_take_about_a_day() {
        let waits: Vec<_> = (1..)
            .map_while(|attempt| wait_after(attempt, None))
            .collect();
        assert_eq!(waits.len(), 9);
        let hours = waits.iter().sum::<u64>() / 3_600;
        assert!((24..30).contains(&hours), "{hours}");
        assert!(waits.iter().take(5).sum::<u64>() < 600, "{waits:?}");
        assert_eq!(wait_after(0, None), wait_after(1, None));
    }

    #[test]
    fn a_receiver_that_takes_nothing_is_left_alone_for_as_long_as_it_asks() {
        let pause = |after: Option<u64>| {
            let after = after.map(Duration::from_secs);
            pause(after, &SeededRandom::new(7)).unwrap().as_secs()
        };
        assert_eq!(pause(Some(1)), 1);
        assert_eq!(pause(Some(900)), 900);
        assert_eq!(pause(Some(u64::MAX)), 36_000);
        assert!((15..=18).contains(&pause(None)));
    }

    #[test]
    fn a_longer_wait_that_is_asked_for_is_kept_within_reason() {
        assert_eq!(wait_after(1, Some(600)), Some(600));
        assert!(wait_after(1, Some(1)) >= Some(15));
        assert_eq!(wait_after(1, Some(u64::MAX)), Some(36_000));
        assert_eq!(wait_after(10, Some(5)), None);
    }
}
