//! Measuring one server with one kind of call, and the order in which all are measured.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::app::{App, Host};
use crate::calls::Kind;
use crate::client::{Call, send_all, send_one};
use crate::plan::Plan;
use crate::reference::COUNTS_PATH;

/// The results of one slice of calls.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    /// The time that each answer took.
    pub(crate) times: Vec<Duration>,
    /// From the first call until the last answer, or until the last email if that came later.
    pub(crate) elapsed: Duration,
    /// What the server used until it was idle again.
    pub(crate) cpu: Duration,
    /// Emails that the courier had to send because their first try had failed.
    pub(crate) late_mails: usize,
    /// Peak memory of the server during the slice, in bytes.
    pub(crate) peak_memory: u64,
    /// How many transactions changed the store.
    pub(crate) transactions: u32,
    /// How many operations changed the store and how many read it, if the server counts them.
    pub(crate) operations: Option<(u64, u64)>,
}

/// What the slices are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Of {
    pub(crate) connections: usize,
    pub(crate) kind: Kind,
    /// The server's place in the list of all.
    pub(crate) server: usize,
}

/// All slices, in the order of the rounds.
pub(crate) type Slices = HashMap<Of, Vec<Slice>>;

/// Measures every kind of call on every server: in each round, the servers take turns with each kind.
pub(crate) async fn measure(apps: &mut [App], plan: &Plan) -> Result<Slices> {
    for app in &mut *apps {
        for &connections in plan.connections {
            for kind in Kind::ALL {
                slice(app, kind, connections, plan.warm_up().calls(kind)).await?;
            }
            finish(app).await?;
        }
    }
    let mut slices = Slices::new();
    for round in 0..plan.rounds {
        for &connections in plan.connections {
            eprintln!(
                "round {} of {}, connections: {connections}",
                round + 1,
                plan.rounds
            );
            for kind in Kind::ALL {
                for turn in 0..apps.len() {
                    // Each round begins with another server.
                    let server = (turn + round) % apps.len();
                    let count = plan.calls(kind);
                    let measured = slice(&mut apps[server], kind, connections, count).await?;
                    let of = Of {
                        connections,
                        kind,
                        server,
                    };
                    slices.entry(of).or_default().push(measured);
                }
            }
            for app in &mut *apps {
                finish(app).await?;
            }
        }
    }
    Ok(slices)
}

async fn slice(app: &mut App, kind: Kind, connections: usize, count: usize) -> Result<Slice> {
    let name = app.host.name();
    let output = |app: &App| format!("{name}; its last output:\n{}", app.server.output());
    let measured = try_slice(app, kind, connections, count).await;
    measured.with_context(|| output(app))
}

async fn try_slice(app: &mut App, kind: Kind, connections: usize, count: usize) -> Result<Slice> {
    let jobs: Result<Vec<_>> = (0..count).map(|_| kind.prepare(app)).collect();
    let jobs = jobs?;
    let calls: Vec<Call> = jobs.iter().map(|job| job.call.clone()).collect();
    let mails = app.sink.received();
    let operations = operations(app).await?;
    let transactions = app.transactions()?;
    app.server.forget_peak_memory()?;
    let cpu = app.server.cpu()?;

    let sent = send_all(app.server.address(), connections, &calls).await?;
    let due = if kind.mails() { mails + count } else { mails };
    let (last_mail, late_mails) = app.wait_for_mails(due).await?;
    app.until_idle().await?;
    if app.sink.received() != due {
        bail!(
            "{}: {} emails too many",
            kind.name(),
            app.sink.received() - due
        );
    }

    let cpu = app.server.cpu()?.saturating_sub(cpu);
    let peak_memory = app.server.peak_memory()?;
    let transactions = app.transactions()?.wrapping_sub(transactions);
    let operations = match (operations, self::operations(app).await?) {
        (Some(before), Some(after)) => Some((after.0 - before.0, after.1 - before.1)),
        _ => None,
    };
    let ended = last_mail.max(sent.ended);
    for (job, reply) in jobs.into_iter().zip(&sent.replies) {
        kind.accept(app, job, reply)?;
    }
    Ok(Slice {
        times: sent.replies.iter().map(|reply| reply.took).collect(),
        elapsed: ended - sent.began,
        cpu,
        late_mails,
        peak_memory,
        transactions,
        operations,
    })
}

/// Checks what a round left behind, and discards it.
async fn finish(app: &mut App) -> Result<()> {
    app.check_passwords().await?;
    app.recoveries.clear();
    app.reset_tokens.clear();
    app.until_idle().await
}

/// The reference's count of operations that changed and that read the store.
async fn operations(app: &App) -> Result<Option<(u64, u64)>> {
    if app.host != Host::Reference {
        return Ok(None);
    }
    let reply = send_one(app.server.address(), &Call::get(COUNTS_PATH)).await?;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let counts = text
        .split_once(' ')
        .and_then(|(changes, reads)| Some((changes.parse().ok()?, reads.parse().ok()?)));
    Ok(Some(counts.context("the reference gives no counts")?))
}
