//! Working the agenda: whatever is due, done by whoever comes first.

use std::time::Duration;

use crate::flow::afterwards::OwnEntry;
use crate::flow::delete_account;
use crate::flow::deliver::{self, Delivery};
use crate::flow::recover::{self, RecoverSettings};
use crate::model::agenda_task::AgendaTask;
use crate::model::event::Event;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::log_line::LogLine;
use crate::model::recovery::{IssueRules, Recovery};
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Log, Outage};
use crate::settings::{self, Lifetimes, Site};
use crate::store::agenda::{self, Found, Place, Walk};
use crate::store::event_log;
use crate::store::keys::{self, AnyKey};
use crate::store::lease::Lease;
use crate::store::record;

/// How long an entry stays that this version cannot read, or only with a key that is gone. Staying for ever, it would hold
/// up the cursor.
const UNREADABLE_FOR: Duration = Duration::from_hours(24);

/// How much to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// A few entries, after another request's answer.
    Few,
    /// All that is due.
    All,
}

impl Budget {
    const fn tasks(self) -> u32 {
        match self {
            Self::Few => 8,
            Self::All => u32::MAX,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Emails that a provider took.
    pub delivered: u32,
    /// Emails to be tried again.
    pub retried: u32,
    /// Emails given up.
    pub failed: u32,
    /// Emails dropped since what they held had expired.
    pub expired: u32,
    /// Entries that are due and were not done: others hold them, they failed, or the budget was spent.
    pub remaining: u32,
}

impl Report {
    fn count(&mut self, delivery: Delivery) {
        let counter = match delivery {
            Delivery::Delivered => &mut self.delivered,
            Delivery::Retried => &mut self.retried,
            Delivery::Failed => &mut self.failed,
            Delivery::Expired => &mut self.expired,
            Delivery::TooLate => &mut self.remaining,
            Delivery::Stale => return,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Does what is due at `now`, earliest minute first.
///
/// # Errors
/// [`Outage`] when the agenda itself cannot be read. A task that fails is logged and due again when its lease is over.
pub async fn run<E: Env>(env: &E, now: Timestamp, budget: Budget) -> Result<Report, Outage> {
    let store = env.store();
    let mut report = Report::default();
    let mut tasks_left = budget.tasks();
    let mut walk = Walk::start(store, now).await?;
    while let Some(minute) = walk.next(store).await? {
        let mut all_done = true;
        for place in minute.places() {
            let found = match look(env, place, now).await? {
                Look::Nothing => continue,
                Look::Entry(found) => *found,
                Look::Unreadable => {
                    all_done = false;
                    report.remaining = report.remaining.saturating_add(1);
                    continue;
                }
            };
            if found.due_at > now {
                all_done = false;
                continue;
            }
            if tasks_left == 0 {
                all_done = false;
                report.remaining = report.remaining.saturating_add(1);
                break;
            }
            tasks_left = tasks_left.saturating_sub(1);
            if !work(env, found, &mut report).await? {
                all_done = false;
                report.remaining = report.remaining.saturating_add(1);
            }
        }
        walk.leave(store, minute, all_done).await?;
        if tasks_left == 0 {
            break;
        }
    }
    walk.finish(store).await?;
    Ok(report)
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
async fn work<E: Env>(env: &E, found: Found, report: &mut Report) -> Result<bool, Outage> {
    let store = env.store();
    let Found { place, due_at, .. } = found;
    let now = env.clock().now();
    let Some(lease) = Lease::acquire(store, &place.lease_name(), now).await? else {
        return Ok(false);
    };
    // Whoever held it before may have done it since it was read.
    if agenda::find(store, place).await?.is_none() {
        lease.release(store, env.clock().now()).await;
        return Ok(true);
    }
    let mut task = found.task;
    let mut own: Option<OwnEntry> = None;
    loop {
        let (until, key) = own.as_ref().map_or_else(
            || (lease.until(), place.key()),
            |own| (own.until(), own.key()),
        );
        let done = match execute(env, &task, until).await {
            Ok(done) => done,
            Err(outage) => {
                let hopeless = matches!(outage, Outage::Record(_));
                env.log().write(&LogLine::WorkFailed { outage });
                if hopeless && now >= due_at.plus(UNREADABLE_FOR) {
                    store.delete_many(vec![key.into()]).await?;
                    lease.release(store, env.clock().now()).await;
                    return Ok(true);
                }
                return Ok(false);
            }
        };
        if let Done::Email(delivery) = done {
            report.count(delivery);
        }
        if !done.is_finished() {
            return Ok(own.is_some());
        }
        store.delete_many(vec![key.into()]).await?;
        match done.next() {
            Some(next) => {
                task = next.task().clone();
                own = Some(next);
            }
            None => break,
        }
    }
    lease.release(store, env.clock().now()).await;
    Ok(true)
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Done {
    /// It is done.
    Finished,
    /// It is done, and this is to be done next.
    Then(OwnEntry),
    /// A try to deliver an email was made.
    Email(Delivery),
}

impl Done {
    /// Whether the entry can go.
    pub(super) fn is_finished(&self) -> bool {
        *self != Self::Email(Delivery::TooLate)
    }

    /// What is to be done next.
    pub(super) fn next(self) -> Option<OwnEntry> {
        match self {
            Self::Then(entry) => Some(entry),
            Self::Finished | Self::Email(_) => None,
        }
    }
}

/// Does one task, which must be over by `until`, with only the settings that it needs.
pub(super) async fn execute<E: Env>(
    env: &E,
    task: &AgendaTask,
    until: Timestamp,
) -> Result<Done, Outage> {
    match task {
        AgendaTask::Recover { request } => {
            let (site, keyring, lifetimes, rules) =
                settings::load::<(Site, Keyring, Lifetimes, IssueRules)>(env.variables()).await?;
            let settings = RecoverSettings {
                site,
                keyring,
                lifetimes,
                rules,
            };
            let next = recover::run(env, &settings, request).await?;
            Ok(next.map_or(Done::Finished, Done::Then))
        }
        AgendaTask::Note { events } => {
            note_events(env, events).await?;
            Ok(Done::Finished)
        }
        AgendaTask::Deliver {
            email_id,
            attempt,
            events,
        } => {
            note_events(env, events).await?;
            deliver::run(env, email_id, *attempt, until)
                .await
                .map(Done::Email)
        }
        AgendaTask::Forget { keys } => {
            let keys = keys.iter().cloned().map(AnyKey::noted).collect();
            env.store().delete_many(keys).await?;
            Ok(Done::Finished)
        }
        AgendaTask::ForgetEvents { account_id } => {
            delete_account::forget_events(env, account_id).await?;
            Ok(Done::Finished)
        }
        AgendaTask::ForgetRecovery {
            account_id,
            attempts_day,
        } => {
            forget_recovery(env, account_id, *attempts_day).await?;
            Ok(Done::Finished)
        }
    }
}

async fn note_events<E: Env>(env: &E, events: &[Event]) -> Result<(), Outage> {
    for event in events {
        event_log::note(env.store(), event).await?;
    }
    Ok(())
}

async fn forget_recovery<E: Env>(
    env: &E,
    account_id: &AccountId,
    attempts_day: u64,
) -> Result<(), Outage> {
    let rules: IssueRules = settings::load(env.variables()).await?;
    let store = env.store();
    let lease = Lease::wait(env, &recover::lease_name(account_id)).await?;
    let now = env.clock().now();
    let key = keys::recovery(account_id);
    let recovery: Option<Recovery> = record::find(store, &key).await?;
    let mut spent: Vec<AnyKey> = vec![keys::attempts(account_id, attempts_day).into()];
    if recovery.is_some_and(|recovery| recovery.is_forgettable(&rules, now)) {
        spent.push(key.into());
    }
    store.delete_many(spent).await?;
    lease.release(store, env.clock().now()).await;
    Ok(())
}
