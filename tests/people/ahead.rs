//! Time that passes.

use serde_json::Value;

use crate::app::{App, Caller as _};

/// After so many seconds no call has to wait for a lease that was left behind.
pub(crate) const LEASE: u64 = 15;

/// The clock of an app that was started with a plan of faults.
#[derive(Default)]
pub(crate) struct Ahead(u64);

impl Ahead {
    /// The line of a plan that leaves the clock where it is.
    pub(crate) fn line(&self) -> String {
        format!("clock_ahead_seconds = {}\n", self.0)
    }

    /// Ends all faults, and moves the clock on.
    pub(crate) fn pass(&mut self, app: &App, seconds: u64) {
        self.0 += seconds;
        app.plan_faults(&self.line());
    }

    /// Ends all faults, and lets time pass and couriers come until nothing is pending any more.
    pub(crate) fn settle(&mut self, app: &App) {
        let mut left = Vec::new();
        // A lease that was left behind lasts two minutes, and a refused email waits at most one minute by now.
        for _ in 0..8 {
            self.pass(app, 61);
            let run = app.portal().run_courier().expect_json(200);
            let pending = app.portal().get("/v1/admin/emails?state=pending");
            let pending = pending.expect_json(200)["emails"].clone();
            if run["remaining"] == 0 && pending == Value::Array(Vec::new()) {
                return;
            }
            left.push((run, pending));
        }
        panic!("there is still work to do: {left:?}");
    }
}
