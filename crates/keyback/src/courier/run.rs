//! A run over the agenda: whatever is due, done by whoever comes first.

use std::time::Duration;

use futures::future::join_all;

use crate::courier::report::{Budget, CourierRun, RunReport};
use crate::courier::work::work_entry;
use crate::model::agenda_task::AgendaTask;
use crate::model::log_line::LogLine;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, Log, Outage};
use crate::store::agenda::{self, Entry, Place, ReservedEntry, State, Walk, calendar, legacy};
use crate::store::lease::{Lease, Term};

/// Between entries.
const PAUSE: Duration = Duration::from_micros(1);
/// How many entries that deliver emails are worked at the same time.
const DELIVERIES_AT_ONCE: usize = 8;
/// How long after its time a task for somebody who does not answer may be left to later runs.
const SKIPPED_FOR: Duration = Duration::from_hours(24);
/// When a run begins nothing more: a scheduler that comes every minute finds it over.
const LONGEST_RUN: Duration = Duration::from_secs(45);
/// How often a run that may do all brings parked work back and parks entries.
const MOVES: u32 = 1_000;

/// Does what is due at `now`.
///
/// # Errors
/// [`Outage`] when the agenda itself cannot be read. A task that fails is logged and due again when its lease is over.
pub async fn run<E: Env>(env: &E, now: Timestamp, budget: Budget) -> Result<RunReport, Outage> {
    let started = env.clock().now();
    let is_over = || env.clock().now() >= started.plus(LONGEST_RUN);
    let moves = budget.tasks().min(MOVES);
    let mut state = State::load(env.store()).await?;
    if state.may_move_in() {
        legacy::move_in(env, now).await?;
    }
    for _ in 0..moves {
        if !state.is_due(now) || is_over() {
            break;
        }
        let more = calendar::bring_back(env, now).await?;
        state = State::load(env.store()).await?;
        if !more {
            break;
        }
    }
    let run = CourierRun::default();
    let mut walk = Walk::start(env.store(), &state).await?;
    if !walk.finds_any() {
        return Ok(run.report());
    }
    walk_entries(env, &mut walk, now, budget, &run, &is_over).await?;
    for _ in 0..moves {
        if !calendar::park(env, walk.heads(), now).await? || is_over() {
            break;
        }
    }
    Ok(run.report())
}

async fn walk_entries<E: Env>(
    env: &E,
    walk: &mut Walk,
    now: Timestamp,
    budget: Budget,
    run: &CourierRun,
    is_over: &impl Fn() -> bool,
) -> Result<(), Outage> {
    let (mut tasks_left, mut skips_left) = (budget.tasks(), budget.skips());
    let mut deliveries = Vec::new();
    loop {
        let entries = walk.next(env.store()).await?;
        if entries.is_empty() {
            return work_all(env, deliveries, run).await;
        }
        for (place, found) in entries {
            let entry = match found {
                Ok(found) => found.unwrap_or_default(),
                Err(outage) => {
                    // It may be a newer version's, which will read it.
                    env.log().write(&LogLine::WorkFailed { outage });
                    run.count_remaining();
                    continue;
                }
            };
            if !entry.is_due(now) {
                continue;
            }
            let skip = skips(run, &entry, now);
            if skip && skips_left > 0 {
                skips_left = skips_left.saturating_sub(1);
                run.count_remaining();
                continue;
            }
            if skip || tasks_left == 0 || is_over() {
                run.count_remaining();
                return work_all(env, deliveries, run).await;
            }
            tasks_left = tasks_left.saturating_sub(1);
            if delivers(&entry) {
                deliveries.push(place);
                if deliveries.len() == DELIVERIES_AT_ONCE {
                    work_all(env, std::mem::take(&mut deliveries), run).await?;
                }
            } else {
                work_all(env, vec![place], run).await?;
            }
        }
    }
}

/// Whether all that is due of `entry` is for somebody who does not answer.
fn skips(run: &CourierRun, entry: &Entry, now: Timestamp) -> bool {
    let mut due = entry.tasks.iter().filter(|task| task.at <= now);
    due.all(|due| run.skips(&due.task) && now < due.at.plus(SKIPPED_FOR))
}

fn delivers(entry: &Entry) -> bool {
    let is_delivery = |task: &AgendaTask| {
        matches!(
            task,
            AgendaTask::Deliver { .. } | AgendaTask::Recover { .. }
        )
    };
    entry.tasks.iter().any(|due| is_delivery(&due.task))
}

/// Works entries at the same time.
async fn work_all<E: Env>(env: &E, places: Vec<Place>, run: &CourierRun) -> Result<(), Outage> {
    let work = places
        .into_iter()
        .map(|place| work_under_lease(env, place, run));
    for worked in join_all(work).await {
        worked?;
    }
    // Where calls to the store block, whoever shares the instance gets no turn but in a pause.
    env.clock().sleep(PAUSE).await;
    Ok(())
}

/// Works an entry that somebody left, unless another is at it.
async fn work_under_lease<E: Env>(env: &E, place: Place, run: &CourierRun) -> Result<(), Outage> {
    let store = env.store();
    let lease = Lease::acquire(store, &place.lease_name(), Term::Work, env.clock().now()).await?;
    let Some(lease) = lease else {
        run.count_remaining();
        return Ok(());
    };
    // Whoever held it before may have done it since it was read.
    let entry = agenda::find(store, place).await?.unwrap_or_default();
    let reserved = ReservedEntry {
        place,
        entry,
        until: lease.until(),
    };
    let all_done = match work_entry(env, reserved, run).await {
        Ok(all_done) => all_done,
        Err(outage) => {
            env.log().write(&LogLine::WorkFailed { outage });
            run.count_remaining();
            false
        }
    };
    if all_done {
        Lease::release_all(store, vec![lease], env.clock().now()).await;
    }
    Ok(())
}
