//! A long mixed load: whether memory stays flat, nothing fails, and how long each call takes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use http::StatusCode;
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::calls::Kind;
use crate::client::{Connected, send_one};
use crate::machine::{self, Usage};

/// How much load there is, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Soak {
    pub(crate) length: Duration,
    /// Calls in flight at any time.
    pub(crate) connections: usize,
    /// The number of accounts at the start. Six of ten can ask for one recovery each.
    pub(crate) accounts: usize,
    /// Whether it ends before memory is steady, so that its growth is not checked.
    pub(crate) is_short: bool,
}

impl Soak {
    /// For `docs/reliability.md`.
    pub(crate) const FULL: Self = Self {
        length: Duration::from_mins(10),
        connections: 8,
        accounts: 20_000,
        is_short: false,
    };

    /// Whether everything works at all.
    pub(crate) const SMOKE: Self = Self {
        length: Duration::from_secs(4),
        connections: 2,
        accounts: 400,
        is_short: true,
    };
}

/// How often each kind of call has its turn. If a call needs an email that has not come, a sign-in takes its turn.
const MIX: [(Kind, usize); 11] = [
    (Kind::Policy, 2),
    (Kind::Page, 2),
    (Kind::ForgotUnknown, 2),
    (Kind::ForgotKnown, 4),
    (Kind::VerifyOtp, 2),
    (Kind::ResetByCode, 2),
    (Kind::ResetByLink, 2),
    (Kind::SignInRight, 6),
    (Kind::SignInWrong, 2),
    (Kind::Create, 1),
    (Kind::AdminReset, 1),
];
/// The courier runs as often as a deployment's scheduler starts it.
const COURIER_INTERVAL: Duration = Duration::from_mins(1);
const BETWEEN_SAMPLES: Duration = Duration::from_secs(1);
/// How much more memory the second half may use than the first: a tenth, and what an allocator may keep.
const GROWTH: f64 = 1.1;
const SLACK: u64 = 16 << 20;

/// What was seen so far.
#[derive(Default)]
struct Seen {
    /// How long the answers took, by the name of the call.
    times: BTreeMap<&'static str, Vec<Duration>>,
    limited: usize,
    /// Resident memory in bytes, second by second.
    memory: Vec<u64>,
}

/// Loads the app, and describes what was seen.
///
/// # Errors
/// When a call fails, other than by a limit, or memory grows.
pub(crate) async fn soak(app: App, soak: &Soak, command: &str) -> Result<String> {
    let ends = Instant::now() + soak.length;
    let load = machine::load();
    let before = Usage::now(std::slice::from_ref(&app))?;
    let app = RefCell::new(app);
    let (seen, turn) = (RefCell::new(Seen::default()), Cell::new(0));
    let callers = (0..soak.connections).map(|_| call_until(ends, &app, &seen, &turn));
    let (_, (), ()) = futures::try_join!(
        try_join_all(callers),
        sample_until(ends, &app, &seen),
        run_courier_until(ends, &app),
    )?;
    let app = app.into_inner();
    let others = Usage::now(std::slice::from_ref(&app))?.others_since(&before);
    let seen = seen.into_inner();
    let is_there = |(kind, _): &(Kind, usize)| seen.times.contains_key(kind.name());
    ensure!(MIX.iter().all(is_there), "not every call was made");
    let mut text = String::new();
    let _ = writeln!(text, "- Date: {}", OffsetDateTime::now_utc().date());
    let _ = writeln!(text, "- Command: `{command}`");
    let _ = writeln!(
        text,
        "- Load: {} connections for {} s, {} accounts at the start",
        soak.connections,
        soak.length.as_secs(),
        soak.accounts
    );
    let _ = writeln!(
        text,
        "- Load average: {load} before, {} after; other processes used {:.0} % of the machine's CPU time meanwhile",
        machine::load(),
        others * 100.0
    );
    describe(&seen, soak.is_short, &mut text)?;
    Ok(text)
}

/// Sends one call after another over a connection of its own.
async fn call_until(
    ends: Instant,
    app: &RefCell<App>,
    seen: &RefCell<Seen>,
    turn: &Cell<usize>,
) -> Result<()> {
    let server = app.borrow().server.address();
    let mut connection = Connected::to(server).await?;
    while Instant::now() < ends {
        let kind = next(&app.borrow(), turn);
        let job = kind.prepare(&mut app.borrow_mut())?;
        let reply = connection.send(&job.call).await;
        let reply = reply.with_context(|| format!("{} was not answered", kind.name()))?;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            seen.borrow_mut().limited += 1;
            continue;
        }
        kind.accept(&mut app.borrow_mut(), job, &reply)?;
        let mut seen = seen.borrow_mut();
        seen.times.entry(kind.name()).or_default().push(reply.took);
    }
    Ok(())
}

/// The kind whose turn it is, or a sign-in if that kind cannot be called now.
fn next(app: &App, turn: &Cell<usize>) -> Kind {
    let all: usize = MIX.iter().map(|(_, times)| times).sum();
    // A step that shares no factor with their number, so that calls of one kind do not come one after the other.
    let place = turn.get() * 7 % all;
    turn.set(turn.get() + 1);
    let mut left = place;
    let chosen = MIX.iter().find(|(_, times)| {
        let is_here = left < *times;
        left = left.saturating_sub(*times);
        is_here
    });
    let kind = chosen.map_or(Kind::SignInRight, |(kind, _)| *kind);
    if app.can(kind) {
        kind
    } else {
        Kind::SignInRight
    }
}

async fn sample_until(ends: Instant, app: &RefCell<App>, seen: &RefCell<Seen>) -> Result<()> {
    while Instant::now() < ends {
        let memory = app.borrow().server.memory()?;
        seen.borrow_mut().memory.push(memory);
        sleep(BETWEEN_SAMPLES).await;
    }
    Ok(())
}

async fn run_courier_until(ends: Instant, app: &RefCell<App>) -> Result<()> {
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        if left < COURIER_INTERVAL {
            sleep(left).await;
            return Ok(());
        }
        sleep(COURIER_INTERVAL).await;
        let run = app.borrow().admin_call("/v1/courier/run", &json!({}));
        let server = app.borrow().server.address();
        let reply = send_one(server, &run).await?;
        ensure!(reply.status == StatusCode::OK, "courier: {}", reply.status);
    }
}

fn describe(seen: &Seen, is_short: bool, text: &mut String) -> Result<()> {
    let (first, second) = seen.memory.split_at(seen.memory.len() / 2);
    let most = |half: &[u64]| half.iter().copied().max().unwrap_or_default();
    let middle = |half: &[u64]| {
        let mut half = half.to_vec();
        half.sort_unstable();
        half.get(half.len() / 2).copied().unwrap_or_default()
    };
    let calls: usize = seen.times.values().map(Vec::len).sum();
    let _ = writeln!(
        text,
        "- Answers: {calls}, all of them right; {} calls were limited (429)",
        seen.limited
    );
    let _ = writeln!(
        text,
        "- Resident memory, median and most: {} and {} MiB in the first half, {} and {} MiB in the second\n",
        middle(first) >> 20,
        most(first) >> 20,
        middle(second) >> 20,
        most(second) >> 20
    );
    text.push_str("| call | answers | p50, ms | p95, ms | p99, ms | most, ms |\n");
    text.push_str("| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for (name, times) in &seen.times {
        let mut times = times.clone();
        times.sort_unstable();
        let at = |share: usize| {
            let place = (times.len() * share / 100).min(times.len() - 1);
            times[place].as_secs_f64() * 1000.0
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {:.1} | {:.1} | {:.1} | {:.1} |",
            times.len(),
            at(50),
            at(95),
            at(99),
            at(100)
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^53 bytes")]
    let may_be = middle(first) as f64 * GROWTH + SLACK as f64;
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^53 bytes")]
    let is = middle(second) as f64;
    ensure!(is_short || is <= may_be, "memory grows:\n{text}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(memory: &[u64]) -> Result<String> {
        let times = (1..=200).map(Duration::from_millis).collect();
        let seen = Seen {
            times: BTreeMap::from([("sign-in, right", times)]),
            limited: 3,
            memory: memory.iter().map(|mebibytes| mebibytes << 20).collect(),
        };
        let mut text = String::new();
        describe(&seen, false, &mut text).map(|()| text)
    }

    #[test]
    fn figures_are_those_of_the_sorted_times() {
        let text = described(&[100, 101, 102, 103]).unwrap();
        let row = "| sign-in, right | 200 | 101.0 | 191.0 | 199.0 | 200.0 |\n";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("3 calls were limited"), "{text}");
    }

    #[test]
    fn memory_that_grows_is_an_error() {
        let error = described(&[100, 100, 140, 140]).unwrap_err();
        assert!(error.to_string().contains("memory grows"), "{error}");
    }

    #[test]
    fn each_kind_has_its_share_of_turns() {
        let all: usize = MIX.iter().map(|(_, times)| times).sum();
        let places: std::collections::BTreeSet<_> = (0..all).map(|turn| turn * 7 % all).collect();
        assert_eq!(places.len(), all);
    }
}
