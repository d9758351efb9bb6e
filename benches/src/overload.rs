//! More passwords to hash than the machine can handle: how long others wait, and how quickly sign-ins are refused.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use http::StatusCode;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, sleep_until};

use crate::app::App;
use crate::calls::Kind;
use crate::client::Connected;
use crate::machine::{self, Usage};
use crate::report::{percentile, significant};

/// How many connections sign in without a pause, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overload {
    pub(crate) length: Duration,
    /// How many others call what hashes nothing, beside each crowd.
    pub(crate) beside: usize,
    /// The sizes of the crowds, one after the other. Each connection signs in again at once when it is refused.
    pub(crate) crowds: &'static [usize],
    /// In a crowd of at most this size, nobody may be refused: there is time for all.
    pub(crate) all_served: usize,
    pub(crate) accounts: usize,
    /// The most that the 95th percentile of the other answers' times may be, in milliseconds.
    pub(crate) others_within: f64,
    /// The most that the median of the refusals' times may be, in milliseconds.
    pub(crate) refused_within: f64,
}

impl Overload {
    /// For `docs/reliability.md`.
    pub(crate) const FULL: Self = Self {
        length: Duration::from_secs(10),
        beside: 16,
        crowds: &[16, 64, 100, 200],
        all_served: 16,
        accounts: 1_000,
        others_within: 100.0,
        refused_within: 50.0,
    };

    /// Whether everything works at all.
    pub(crate) const SMOKE: Self = Self {
        length: Duration::from_secs(2),
        beside: 2,
        crowds: &[4],
        all_served: 0,
        accounts: 100,
        // It tests whether everything works, also on a busy machine.
        others_within: f64::INFINITY,
        refused_within: f64::INFINITY,
    };
}

/// Until then no instance of a new host knows how long a hash takes, so none refuses.
const LEARNING: Duration = Duration::from_secs(2);
/// A median of fewer refusals means little.
const ENOUGH: usize = 100;
/// Between two calls of somebody who does not sign in.
const PACE: Duration = Duration::from_millis(100);
/// Until work in progress is done.
const REST: Duration = Duration::from_secs(3);

/// How long answers took, in milliseconds, in ascending order.
#[derive(Debug, Default)]
struct Times(Vec<f64>);

impl Times {
    fn note(&mut self, took: Duration) {
        let took = took.as_secs_f64() * 1000.0;
        let place = self.0.partition_point(|earlier| *earlier < took);
        self.0.insert(place, took);
    }

    fn at(&self, percent: usize) -> f64 {
        percentile(&self.0, percent)
    }

    /// How many there are, their median, the 95th percentile and the longest: cells of a table.
    fn cells(&self) -> String {
        if self.0.is_empty() {
            return "0 | | | ".to_owned();
        }
        let at = |percent| significant(self.at(percent));
        format!("{} | {} | {} | {}", self.0.len(), at(50), at(95), at(100))
    }
}

/// The outcomes of the sign-ins.
#[derive(Debug, Default)]
struct SignIns {
    signed_in: Times,
    refused: Times,
}

/// Loads the app, and describes what was seen.
///
/// # Errors
/// When a sign-in is neither right nor refused for overload, or is refused too late, or though there is time for all, or
/// another call is answered wrongly or takes too long.
pub(crate) async fn overload(app: App, plan: &Overload, command: &str) -> Result<String> {
    let load = machine::load();
    let before = Usage::now(std::slice::from_ref(&app))?;
    let app = RefCell::new(app);
    let mut beside = String::from(
        "| beside so many connections that sign in | call | answers | p50, ms | p95, ms | most, ms |\n\
         | ---: | --- | ---: | ---: | ---: | ---: |\n",
    );
    let ends = Instant::now() + LEARNING + plan.length;
    let (_, health, forgot, unknown) = futures::try_join!(
        sign_in_until(ends, &app, plan.beside),
        call_until(ends, &app, Kind::Health),
        call_until(ends, &app, Kind::ForgotKnown),
        call_until(ends, &app, Kind::ForgotUnknown),
    )?;
    for (kind, times) in [
        (Kind::Health, health),
        (Kind::ForgotKnown, forgot),
        (Kind::ForgotUnknown, unknown),
    ] {
        let _ = writeln!(
            beside,
            "| {} | {} | {} |",
            plan.beside,
            kind.name(),
            times.cells()
        );
        ensure!(
            times.at(95) <= plan.others_within,
            "others wait too long:\n{beside}"
        );
    }
    let mut crowds = String::from(
        "| connections | signed in | p50, ms | p95, ms | most, ms | refused | p50, ms | p95, ms | most, ms | peak memory, MiB |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for &crowd in plan.crowds {
        sleep(REST).await;
        app.borrow().server.forget_peak_memory()?;
        let ends = Instant::now() + LEARNING + plan.length;
        let seen = sign_in_until(ends, &app, crowd).await?;
        let peak = app.borrow().server.peak_memory()? >> 20;
        let _ = writeln!(
            crowds,
            "| {crowd} | {} | {} | {peak} |",
            seen.signed_in.cells(),
            seen.refused.cells()
        );
        ensure!(
            crowd > plan.all_served || seen.refused.0.is_empty(),
            "refused, though there was time:\n{crowds}"
        );
        ensure!(
            seen.refused.0.len() < ENOUGH || seen.refused.at(50) <= plan.refused_within,
            "refused too late:\n{crowds}"
        );
    }
    let app = app.into_inner();
    let others = Usage::now(std::slice::from_ref(&app))?.others_since(&before);
    Ok(format!(
        "- Date: {}\n\
         - Command: `{command}`\n\
         - Each load: {} s, of which the first {} do not count\n\
         - Load average: {load} before, {} after; other processes used {:.0} % of the machine's CPU time meanwhile\n\n\
         {beside}\n{crowds}",
        OffsetDateTime::now_utc().date(),
        (LEARNING + plan.length).as_secs(),
        LEARNING.as_secs(),
        machine::load(),
        others * 100.0
    ))
}

/// Signs in over this many connections, again and again without a pause.
async fn sign_in_until(ends: Instant, app: &RefCell<App>, connections: usize) -> Result<SignIns> {
    let counts_from = Instant::now() + LEARNING;
    let seen = RefCell::new(SignIns::default());
    let callers = (0..connections).map(async |_| {
        let server = app.borrow().server.address();
        let mut connection = Connected::to(server).await?;
        while Instant::now() < ends {
            let counts = Instant::now() >= counts_from;
            let job = Kind::SignInRight.prepare(&mut app.borrow_mut())?;
            let reply = connection.send(&job.call).await?;
            let is_refused = reply.status == StatusCode::SERVICE_UNAVAILABLE;
            if is_refused {
                let is_overloaded = reply.json()["type"]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("/overloaded"));
                ensure!(is_overloaded, "refused for something else: {reply:?}");
            } else {
                Kind::SignInRight.accept(&mut app.borrow_mut(), job, &reply)?;
            }
            if counts {
                let mut seen = seen.borrow_mut();
                let times = if is_refused {
                    &mut seen.refused
                } else {
                    &mut seen.signed_in
                };
                times.note(reply.took);
            }
        }
        anyhow::Ok(())
    });
    try_join_all(callers).await?;
    Ok(seen.into_inner())
}

/// Makes one call after the other, [`PACE`] apart.
async fn call_until(ends: Instant, app: &RefCell<App>, kind: Kind) -> Result<Times> {
    sleep(LEARNING).await;
    let server = app.borrow().server.address();
    let mut connection = Connected::to(server).await?;
    let mut times = Times::default();
    let mut next = Instant::now();
    while next < ends {
        sleep_until(next).await;
        let job = kind.prepare(&mut app.borrow_mut())?;
        let reply = connection.send(&job.call).await?;
        kind.accept(&mut app.borrow_mut(), job, &reply)?;
        times.note(reply.took);
        next = Instant::now().max(next + PACE);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_sorted_times() {
        let mut times = Times::default();
        for took in (1..=200).rev() {
            times.note(Duration::from_millis(took));
        }
        assert_eq!(times.cells(), "200 | 100 | 190 | 200");
        assert_eq!(Times::default().cells(), "0 | | | ");
    }
}
