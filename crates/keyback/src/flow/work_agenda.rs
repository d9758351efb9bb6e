//! Working the agenda: whatever is due, done by whoever comes first.

use std::collections::VecDeque;
use std::time::Duration;

use crate::flow::afterwards::OwnEntry;
use crate::flow::delete_account;
use crate::flow::deliver::{self, Delivery};
use crate::flow::recover::{self, RecoverSettings};
use crate::flow::tell;
use crate::model::agenda_task::AgendaTask;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::log_line::LogLine;
use crate::model::recovery::{IssueRules, Recovery};
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Log, Outage};
use crate::settings::{self, Letterhead, Lifetimes};
use crate::store::agenda::{self, Found, Place, Walk};
use crate::store::keys::{self, AnyKey};
use crate::store::lease::Lease;
use crate::store::record;

/// How long an entry stays that this version cannot read, or only with a key that is gone. Staying for ever, it would hold
/// up the cursor.
const UNREADABLE_FOR: Duration = Duration::from_hours(24);

/// How often in a row the portal may fail to take an event before it is left alone for this round.
const PATIENCE: u32 = 3;

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

    /// How many events may be passed over that a portal would not take.
    const fn skips(self) -> u32 {
        match self {
            Self::Few => 200,
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

/// A row of tasks, done one after the other.
#[derive(Debug, Default)]
pub(super) struct Round {
    report: Report,
    /// How often in a row the portal did not take an event.
    untold: u32,
}

impl Round {
    fn count(&mut self, done: &Done) {
        self.untold = match done.told {
            Some(true) => 0,
            Some(false) => self.untold.saturating_add(1),
            None => self.untold,
        };
        let counter = match done.delivery {
            Some(Delivery::Delivered) => &mut self.report.delivered,
            Some(Delivery::Retried) => &mut self.report.retried,
            Some(Delivery::Failed) => &mut self.report.failed,
            Some(Delivery::Expired) => &mut self.report.expired,
            Some(Delivery::TooLate | Delivery::Stale) | None => return,
        };
        *counter = counter.saturating_add(1);
    }

    fn count_remaining(&mut self) {
        self.report.remaining = self.report.remaining.saturating_add(1);
    }

    /// Whether to leave a task to a later round, so that a portal that does not answer holds up no mail.
    fn leaves(&self, task: &AgendaTask) -> bool {
        matches!(task, AgendaTask::Tell { .. }) && self.untold >= PATIENCE
    }
}

/// Does what is due at `now`, earliest minute first.
///
/// # Errors
/// [`Outage`] when the agenda itself cannot be read. A task that fails is logged and due again when its lease is over.
pub async fn run<E: Env>(env: &E, now: Timestamp, budget: Budget) -> Result<Report, Outage> {
    let store = env.store();
    let mut round = Round::default();
    let (mut tasks_left, mut skips_left) = (budget.tasks(), budget.skips());
    let mut walk = Walk::start(store, now).await?;
    while let Some(minute) = walk.next(store).await? {
        let mut all_done = true;
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
            if round.leaves(&found.task) && skips_left > 0 {
                skips_left = skips_left.saturating_sub(1);
                all_done = false;
                round.count_remaining();
                continue;
            }
            if tasks_left == 0 {
                all_done = false;
                round.count_remaining();
                break;
            }
            tasks_left = tasks_left.saturating_sub(1);
            if !work(env, found, &mut round).await? {
                all_done = false;
                round.count_remaining();
            }
        }
        walk.leave(store, minute, all_done).await?;
        if tasks_left == 0 {
            break;
        }
    }
    walk.finish(store).await?;
    Ok(round.report)
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
async fn work<E: Env>(env: &E, found: Found, round: &mut Round) -> Result<bool, Outage> {
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
    round: &mut Round,
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

/// What came of a task.
#[derive(Debug)]
pub(super) struct Done {
    /// Whether it is done: its entry can go.
    finished: bool,
    /// What is to be done next.
    next: Vec<OwnEntry>,
    /// What became of the email that it tried to deliver.
    delivery: Option<Delivery>,
    /// Whether the portal took the event that it was told of.
    told: Option<bool>,
}

impl Done {
    /// It is done.
    pub(super) const fn finished() -> Self {
        Self::then(Vec::new())
    }

    /// It is done, and this is to be done next.
    pub(super) const fn then(next: Vec<OwnEntry>) -> Self {
        Self {
            finished: true,
            next,
            delivery: None,
            told: None,
        }
    }

    /// It is done: the portal was told of an event, and took it or did not.
    pub(super) fn told(took: bool) -> Self {
        Self {
            told: Some(took),
            ..Self::finished()
        }
    }

    /// It could not be begun in the time that was left.
    pub(super) const fn unfinished() -> Self {
        Self {
            finished: false,
            next: Vec::new(),
            delivery: None,
            told: None,
        }
    }
}

/// Does one task, which must be over by `until`, with only the settings that it needs.
async fn execute<E: Env>(env: &E, task: &AgendaTask, until: Timestamp) -> Result<Done, Outage> {
    match task {
        AgendaTask::Recover { request } => {
            let (letterhead, keyring, lifetimes, rules) =
                settings::load::<(Letterhead, Keyring, Lifetimes, IssueRules)>(env.variables())
                    .await?;
            let settings = RecoverSettings {
                letterhead,
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
    let lease = Lease::wait(env, &recover::lease_name(account_id)).await?;
    let forgotten = async {
        let key = keys::recovery(account_id);
        let recovery: Option<Recovery> = record::find(store, &key).await?;
        let mut spent: Vec<AnyKey> = vec![keys::attempts(account_id, attempts_day).into()];
        if recovery.is_some_and(|it| it.is_forgettable(&rules, env.clock().now())) {
            spent.push(key.into());
        }
        store.delete_many(spent).await
    };
    let forgotten = forgotten.await;
    lease.release(store, env.clock().now()).await;
    forgotten
}
