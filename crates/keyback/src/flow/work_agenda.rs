//! Working the agenda: whatever is due, done by whoever comes first.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::join_all;

use crate::flow::afterwards::OwnEntry;
use crate::flow::delete_account;
use crate::flow::deliver::{self, Delivery};
use crate::flow::recover::{self, RecoverSettings};
use crate::flow::round::{Budget, Done, Report, Round};
use crate::flow::tell;
use crate::model::agenda_task::AgendaTask;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::log_line::LogLine;
use crate::model::recovery::{IssueRules, Recovery};
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Log, Outage};
use crate::settings::{self, Lifetimes, MailBranding};
use crate::store::agenda::{self, Found, Place, Walk};
use crate::store::keys::{self, AnyKey};
use crate::store::lease::Lease;
use crate::store::record;

/// How long an entry stays that this version cannot read, or only with a key that is gone. Staying for ever, it would hold
/// up the cursor.
const UNREADABLE_FOR: Duration = Duration::from_hours(24);

/// Between tasks.
const PAUSE: Duration = Duration::from_micros(1);

/// How many emails are handed over at the same time.
const DELIVERIES_AT_ONCE: usize = 8;

/// How long after its time a task for somebody who does not answer may be left to later rounds.
const LEFT_FOR: Duration = Duration::from_hours(24);

/// When a round begins nothing more: a scheduler that comes every minute finds it over.
const LONGEST_ROUND: Duration = Duration::from_secs(45);

/// Does what is due at `now`, earliest minute first.
///
/// # Errors
/// [`Outage`] when the agenda itself cannot be read. A task that fails is logged and due again when its lease is over.
pub async fn run<E: Env>(env: &E, now: Timestamp, budget: Budget) -> Result<Report, Outage> {
    let store = env.store();
    let round = Round::default();
    let started = env.clock().now();
    let (mut tasks_left, mut skips_left) = (budget.tasks(), budget.skips());
    let mut walk = Walk::start(store, now).await?;
    while let Some(minute) = walk.next(store).await? {
        let mut all_done = true;
        let mut deliveries = Vec::new();
        for place in minute.places() {
            let found = match look(env, place, now).await? {
                Look::Nothing => continue,
                Look::Entry(found) => *found,
                Look::Unreadable => {
                    all_done = false;
                    round.count_remaining();
                    continue;
                }
            };
            if found.due_at > now {
                all_done = false;
                continue;
            }
            let leave = round.leaves(&found.task) && now < found.due_at.plus(LEFT_FOR);
            if leave && skips_left > 0 {
                skips_left = skips_left.saturating_sub(1);
                all_done = false;
                round.count_remaining();
                continue;
            }
            let over = env.clock().now() >= started.plus(LONGEST_ROUND);
            if leave || over || tasks_left == 0 {
                tasks_left = 0;
                all_done = false;
                round.count_remaining();
                break;
            }
            tasks_left = tasks_left.saturating_sub(1);
            if matches!(found.task, AgendaTask::Deliver { .. }) {
                deliveries.push(found);
                if deliveries.len() == DELIVERIES_AT_ONCE {
                    all_done &= work_all(env, std::mem::take(&mut deliveries), &round).await?;
                }
            } else {
                all_done &= work_all(env, vec![found], &round).await?;
            }
        }
        all_done &= work_all(env, deliveries, &round).await?;
        walk.leave(store, minute, all_done).await?;
        if tasks_left == 0 {
            break;
        }
    }
    walk.finish(store).await?;
    Ok(round.report())
}

/// Works entries at the same time; whether all are done.
async fn work_all<E: Env>(env: &E, entries: Vec<Found>, round: &Round) -> Result<bool, Outage> {
    let mut all_done = true;
    for done in join_all(entries.into_iter().map(|found| work(env, found, round))).await {
        if !done? {
            all_done = false;
            round.count_remaining();
        }
    }
    // Where calls to the store block, whoever shares the instance gets no turn but in a pause.
    env.clock().sleep(PAUSE).await;
    Ok(all_done)
}

/// What stands at `place`.
enum Look {
    Nothing,
    Entry(Box<Found>),
    Unreadable,
}

/// An entry that cannot be read may be a newer version's, which will read it: it stays for a day before it is given up.
async fn look<E: Env>(env: &E, place: Place, now: Timestamp) -> Result<Look, Outage> {
    match agenda::find(env.store(), place).await {
        Ok(found) => Ok(found.map_or(Look::Nothing, |found| Look::Entry(Box::new(found)))),
        Err(outage @ Outage::Record(_)) => {
            env.log().write(&LogLine::WorkFailed { outage });
            if now.minus(UNREADABLE_FOR) < place.minute_start() {
                return Ok(Look::Unreadable);
            }
            env.store().delete_many(vec![place.key().into()]).await?;
            Ok(Look::Nothing)
        }
        Err(outage) => Err(outage),
    }
}

/// Works an entry under a lease; whether it is done.
async fn work<E: Env>(env: &E, found: Found, round: &Round) -> Result<bool, Outage> {
    let store = env.store();
    let Found {
        place,
        due_at,
        task,
    } = found;
    let now = env.clock().now();
    let Some(lease) = Lease::acquire(store, &place.lease_name(), now).await? else {
        return Ok(false);
    };
    // Whoever held it before may have done it since it was read.
    if agenda::find(store, place).await?.is_none() {
        lease.release(store, env.clock().now()).await;
        return Ok(true);
    }
    let done = match execute(env, &task, lease.until()).await {
        Ok(done) => done,
        Err(outage) => {
            let hopeless = matches!(outage, Outage::Record(_));
            env.log().write(&LogLine::WorkFailed { outage });
            if !hopeless || now < due_at.plus(UNREADABLE_FOR) {
                return Ok(false);
            }
            Done::finished()
        }
    };
    round.count(&done);
    if !done.finished {
        return Ok(false);
    }
    store.delete_many(vec![place.key().into()]).await?;
    lease.release(store, env.clock().now()).await;
    if let Err(outage) = work_own(env, done.next, round).await {
        // It is on the agenda, and due for others in a minute.
        env.log().write(&LogLine::WorkFailed { outage });
    }
    Ok(true)
}

/// Works `entries` off, and what comes of them, in their own time.
pub(super) async fn work_own<E: Env>(
    env: &E,
    entries: Vec<OwnEntry>,
    round: &Round,
) -> Result<(), Outage> {
    let mut entries = VecDeque::from(entries);
    while let Some(entry) = entries.pop_front() {
        if round.leaves(entry.task()) {
            round.count_remaining();
            continue;
        }
        let done = execute(env, entry.task(), entry.until()).await?;
        round.count(&done);
        if done.finished {
            env.store().delete_many(vec![entry.key().into()]).await?;
        } else {
            round.count_remaining();
        }
        entries.extend(done.next);
    }
    Ok(())
}

/// Does one task, which must be over by `until`, with only the settings that it needs.
async fn execute<E: Env>(env: &E, task: &AgendaTask, until: Timestamp) -> Result<Done, Outage> {
    match task {
        AgendaTask::Recover { request } => {
            let (branding, keyring, lifetimes, rules) =
                settings::load::<(MailBranding, Keyring, Lifetimes, IssueRules)>(env.variables())
                    .await?;
            let settings = RecoverSettings {
                branding,
                keyring,
                lifetimes,
                rules,
            };
            let next = recover::run(env, &settings, request).await?;
            Ok(Done::then(next.into_iter().collect()))
        }
        AgendaTask::FollowUp { events } => Ok(Done::then(tell::follow_up(env, events).await?)),
        AgendaTask::Deliver {
            email_id,
            attempt,
            events,
        } => {
            let mut next = tell::follow_up(env, events).await?;
            let tried = deliver::run(env, email_id, *attempt, until).await?;
            next.extend(tried.next);
            Ok(Done {
                finished: tried.delivery != Delivery::TooLate,
                next,
                delivery: Some(tried.delivery),
                told: None,
            })
        }
        AgendaTask::Tell { event, attempt } => tell::run(env, event, *attempt, until).await,
        AgendaTask::Forget { keys } => {
            let keys = keys.iter().cloned().map(AnyKey::noted).collect();
            env.store().delete_many(keys).await?;
            Ok(Done::finished())
        }
        AgendaTask::ForgetEvents { account_id } => {
            delete_account::forget_events(env, account_id).await?;
            Ok(Done::finished())
        }
        AgendaTask::ForgetRecovery {
            account_id,
            attempts_day,
        } => {
            forget_recovery(env, account_id, *attempts_day).await?;
            Ok(Done::finished())
        }
    }
}

async fn forget_recovery<E: Env>(
    env: &E,
    account_id: &AccountId,
    attempts_day: u64,
) -> Result<(), Outage> {
    let rules: IssueRules = settings::load(env.variables()).await?;
    let store = env.store();
    let forgotten = async {
        let key = keys::recovery(account_id);
        let recovery: Option<Recovery> = record::find(store, &key).await?;
        let mut spent: Vec<AnyKey> = vec![keys::attempts(account_id, attempts_day).into()];
        if recovery.is_some_and(|it| it.is_forgettable(&rules, env.clock().now())) {
            spent.push(key.into());
        }
        store.delete_many(spent).await
    };
    Lease::hold(env, &recover::lease_name(account_id), forgotten).await
}
