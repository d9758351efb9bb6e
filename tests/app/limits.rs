//! How long the tests wait. A passing test waits for states and never reaches a limit, so the limits suit a loaded machine.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

/// The longest that any mail, webhook or record may take.
pub(crate) const STATE_LIMIT: Duration = Duration::from_mins(2);

/// The longest that a call may take: an import of 10,000 lines can take minutes on a loaded machine.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_mins(10);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Polls `look` until it succeeds. After [`STATE_LIMIT`] it panics with the last error, which says what `look` saw instead.
#[track_caller]
pub(crate) fn wait_for<T, S: Debug>(mut look: impl FnMut() -> Result<T, S>) -> T {
    let deadline = Instant::now() + STATE_LIMIT;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(
                Instant::now() < deadline,
                "after {STATE_LIMIT:?} there is still {seen:?}"
            ),
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}
