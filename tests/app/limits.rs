//! How long the tests wait. A passing test waits for states and never reaches a limit, so the limits suit a loaded machine.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

/// The longest that any email, webhook or record may take.
pub(crate) const STATE_LIMIT: Duration = Duration::from_mins(2);

/// The same for tests with a hundred thousand accounts, which take a minute on two idle cores.
const LONG_LIMIT: Duration = Duration::from_mins(30);

/// The longest that a call may take: an import of 10,000 lines can take minutes on a loaded machine.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_mins(10);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Polls `look` until it succeeds. After [`STATE_LIMIT`] it panics with the last error, which says what `look` saw instead.
#[track_caller]
pub(crate) fn wait_for<T, S: Debug>(look: impl FnMut() -> Result<T, S>) -> T {
    wait_within(STATE_LIMIT, look)
}

/// Like [`wait_for`], for what takes long even on a quiet machine.
#[track_caller]
pub(crate) fn wait_long_for<T, S: Debug>(look: impl FnMut() -> Result<T, S>) -> T {
    wait_within(LONG_LIMIT, look)
}

#[track_caller]
fn wait_within<T, S: Debug>(limit: Duration, mut look: impl FnMut() -> Result<T, S>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(
                Instant::now() < deadline,
                "after {limit:?} there is still {seen:?}"
            ),
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}
