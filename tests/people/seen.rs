//! Calls, and what came of them.

use std::time::{Duration, Instant};

use crate::app::{Answer, Call};

/// More than a call may wait for: 13 seconds for a lease that was left behind, and the delays of its store calls, which
/// a loaded machine makes longer.
const LONGEST: Duration = Duration::from_secs(40);

/// What many people saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) calls: usize,
    pub(crate) outages: usize,
    /// Passwords that were acknowledged as set.
    pub(crate) set: usize,
    pub(crate) longest: Duration,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.outages += other.outages;
        self.set += other.set;
        self.longest = self.longest.max(other.longest);
    }

    /// Makes a call. `None` if the app ended meanwhile.
    #[track_caller]
    pub(super) fn make(&mut self, call: Call) -> Option<Answer> {
        let began = Instant::now();
        let answer = call.try_send()?;
        let took = began.elapsed();
        assert!(took < LONGEST, "{} took {took:?}", answer.call);
        self.calls += 1;
        self.longest = self.longest.max(took);
        if answer.status >= 500 {
            self.outages += 1;
            let slug = outage(&answer);
            let problem = answer.expect_problem(503, slug);
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(!detail.is_empty(), "{}: {problem}", answer.call);
            assert!(answer.header("retry-after").is_some(), "{problem}");
        }
        Some(answer)
    }
}

/// The kind of an outage: whether a link or a code in the call can still be used.
pub(super) fn outage(answer: &Answer) -> &'static str {
    if answer.text().contains("/problems/start-again\"") {
        "start-again"
    } else {
        "service-unavailable"
    }
}
