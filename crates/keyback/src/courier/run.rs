//! A run over the agenda: all work that is due, by whichever process comes first.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::join_all;

use crate::base::timestamp::Timestamp;
use crate::courier::bulk;
use crate::courier::report::{Budget, CourierRun, RunReport};
use crate::courier::work::work_entry;
use crate::flow::accounts::fold_addresses;
use crate::model::agenda_task::AgendaTask;
use crate::model::log_line::LogLine;
use crate::ports::{Clock, Env, Log, PAUSE, Unavailable};
use crate::store::agenda::calendar::Newest;
use crate::store::agenda::{self, Entry, Place, ReservedEntry, State, Walk, calendar, legacy};
use crate::store::directory;
use crate::store::format::{self, Formats};
use crate::store::lease::{Lease, Term};

/// How many entries with emails are processed at the same time.
const DELIVERIES_AT_ONCE: usize = 8;
/// For this long after its due time, a task may be skipped if its receiver does not answer.
const SKIPPED_FOR: Duration = Duration::from_hours(24);
/// After this time a run begins nothing more, so it is over when a scheduler calls again every minute.
const LONGEST_RUN: Duration = Duration::from_secs(45);
/// The longest time for updating the directory in one go.
const LONGEST_FOLLOWING: Duration = Duration::from_secs(10);

/// How long a run may take. It finishes what it has begun by then.
#[derive(Debug, Clone, Copy)]
pub struct RunTime {
    agenda: Duration,
    directory: Duration,
}

impl RunTime {
    /// For a scheduler that waits.
    pub const USUAL: Self = Self {
        agenda: LONGEST_RUN,
        directory: LONGEST_FOLLOWING,
    };
    /// For platforms that end a call after 30 seconds. Finishing an email may take ten more.
    pub const SHORT: Self = Self {
        agenda: Duration::from_secs(10),
        directory: Duration::from_secs(5),
    };
}
/// How often a full run brings parked work back, and how often it parks entries.
const MOVES: u32 = 1_000;

/// Does a little of the work that is due at `now`, after a request's answer.
///
/// # Errors
/// [`Unavailable`] if the agenda itself cannot be read. A failed task is logged, and due again after its lease.
pub async fn run_few<E: Env>(env: &E, now: Timestamp) -> Result<RunReport, Unavailable> {
    let run = CourierRun::over_agenda(None);
    let is_over = over_at(env, env.clock().now().plus(LONGEST_RUN));
    work(env, now, Budget::Few, &run, &is_over).await?;
    Ok(run.report())
}

/// Does all work that is due at `now`, and continues bulk jobs.
///
/// # Errors
/// As with [`run_few`].
pub async fn run_all<E: Env>(
    env: &E,
    now: Timestamp,
    time: RunTime,
) -> Result<RunReport, Unavailable> {
    if let Err(outage) = format::migrate::<Formats>(env.store()).await {
        env.log().write(&LogLine::WorkFailed { outage });
    }
    let ends_at = env.clock().now().plus(time.agenda);
    let run = CourierRun::over_agenda(Some(ends_at));
    let is_over = over_at(env, ends_at);
    work(env, now, Budget::All, &run, &is_over).await?;
    // Last, so that emails that somebody is waiting for do not queue behind them.
    if let Err(outage) = Box::pin(bulk::run(env, &run, &is_over)).await {
        env.log().write(&LogLine::WorkFailed { outage });
    }
    Ok(run.report())
}

/// Applies recent changes to the directory. Few components contain the code for it. Failures are logged.
pub async fn follow_directory<E: Env>(env: &E, time: RunTime) {
    let is_over = over_at(env, env.clock().now().plus(time.directory));
    if let Err(outage) = directory::follow(env, &is_over).await {
        env.log().write(&LogLine::WorkFailed { outage });
    }
}

fn over_at<E: Env>(env: &E, ends_at: Timestamp) -> impl Fn() -> bool {
    move || env.clock().now() >= ends_at
}

/// Processes the agenda, and folds addresses of an earlier version.
async fn work<E: Env>(
    env: &E,
    now: Timestamp,
    budget: Budget,
    run: &CourierRun,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
    work_agenda(env, now, budget, run, is_over).await?;
    // Last, so that emails need not wait for it. Boxed, since most runs have nothing to fold.
    let folding = Box::pin(fold_addresses::run(env, budget.accounts(), is_over));
    if let Err(outage) = folding.await {
        env.log().write(&LogLine::WorkFailed { outage });
    }
    Ok(())
}

async fn work_agenda<E: Env>(
    env: &E,
    now: Timestamp,
    budget: Budget,
    run: &CourierRun,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
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
        env.clock().sleep(PAUSE).await;
    }
    let mut walk = Walk::start(env.store(), &state).await?;
    if !walk.finds_any() {
        return Ok(());
    }
    walk_entries(env, &mut walk, now, budget, run, is_over).await?;
    let keyring = &run.sending(env.variables()).await?.keyring;
    let newest = match budget {
        Budget::All => Newest::All,
        Budget::Few => Newest::UpTo(state.seen()),
    };
    for _ in 0..moves {
        if !calendar::park(env, keyring, walk.heads(), newest, now).await? || is_over() {
            break;
        }
        env.clock().sleep(PAUSE).await;
    }
    Ok(())
}

/// Entries that a run processes after it has seen everything that is due.
#[derive(Debug, Default)]
struct Queues {
    /// Entries with emails. The portal gets their events meanwhile.
    mails: VecDeque<Place>,
    /// Entries with events and without emails, held back while the portal is throttled.
    events: VecDeque<Place>,
}

async fn walk_entries<E: Env>(
    env: &E,
    walk: &mut Walk,
    now: Timestamp,
    budget: Budget,
    run: &CourierRun,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
    let (mut tasks_left, mut skips_left) = (budget.tasks(), budget.skips());
    let mut queues = Queues::default();
    loop {
        let entries = walk.next(env.store()).await?;
        if entries.is_empty() {
            return work_queues(env, queues, run, is_over).await;
        }
        for (place, found) in entries {
            let entry = match found {
                Ok(found) => found.unwrap_or_default(),
                Err(outage) => {
                    // It may come from a newer version, which can read it.
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
                return work_queues(env, queues, run, is_over).await;
            }
            tasks_left = tasks_left.saturating_sub(1);
            work_or_queue(env, place, &entry, &mut queues, run).await?;
        }
    }
}

/// Processes an entry now, or queues it: to be processed with others, or when its receiver accepts more.
async fn work_or_queue<E: Env>(
    env: &E,
    place: Place,
    entry: &Entry,
    queues: &mut Queues,
    run: &CourierRun,
) -> Result<(), Unavailable> {
    if delivers(entry) {
        queues.mails.push_back(place);
        // If emails must be sent one by one, everything else comes first.
        if queues.mails.len() >= DELIVERIES_AT_ONCE && !run.paces_mails() {
            let places = queues.mails.drain(..DELIVERIES_AT_ONCE).collect();
            return work_all(env, places, run).await;
        }
    } else if run.portal().is_slowed() && notifies(entry) {
        queues.events.push_back(place);
    } else {
        return work_all(env, vec![place], run).await;
    }
    Ok(())
}

/// Processes the queued emails and then the events, each as fast as their receivers accept them.
async fn work_queues<E: Env>(
    env: &E,
    mut queues: Queues,
    run: &CourierRun,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
    while !queues.mails.is_empty() {
        if is_over() || run.is_closed_for_mails(env.clock().now()) {
            queues.mails.iter().for_each(|_| run.count_remaining());
            break;
        }
        let at_once = if run.paces_mails() {
            1
        } else {
            DELIVERIES_AT_ONCE
        };
        let at_once = at_once.min(queues.mails.len());
        let places = queues.mails.drain(..at_once).collect();
        work_all(env, places, run).await?;
    }
    queues.events.extend(run.wait_for_portal());
    while let Some(place) = queues.events.pop_front() {
        if is_over() || run.is_closed_for_events(env.clock().now()) {
            run.count_remaining();
            queues.events.iter().for_each(|_| run.count_remaining());
            break;
        }
        env.clock()
            .sleep(run.portal().wait(env.clock().now()))
            .await;
        work_all(env, vec![place], run).await?;
    }
    Ok(())
}

/// Whether all due tasks of `entry` are for a receiver that does not answer.
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

fn notifies(entry: &Entry) -> bool {
    let is_event = |task: &AgendaTask| matches!(task, AgendaTask::Notify { .. });
    entry.tasks.iter().any(|due| is_event(&due.task))
}

/// Processes entries concurrently.
async fn work_all<E: Env>(
    env: &E,
    places: Vec<Place>,
    run: &CourierRun,
) -> Result<(), Unavailable> {
    let work = places
        .into_iter()
        .map(|place| work_under_lease(env, place, run));
    for worked in join_all(work).await {
        worked?;
    }
    // Where calls to the store block, other requests of the instance only run during a pause.
    env.clock().sleep(PAUSE).await;
    Ok(())
}

/// Processes an entry, unless another process has its lease.
async fn work_under_lease<E: Env>(
    env: &E,
    place: Place,
    run: &CourierRun,
) -> Result<(), Unavailable> {
    let store = env.store();
    let lease = Lease::acquire(store, &place.lease_name(), Term::Work, env.clock().now()).await?;
    let Some(lease) = lease else {
        run.count_remaining();
        return Ok(());
    };
    // The last holder of the lease may have done it since it was read.
    let entry = agenda::find(store, place).await?.unwrap_or_default();
    let reserved = ReservedEntry {
        place,
        entry,
        until: lease.until(),
        is_own: false,
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
