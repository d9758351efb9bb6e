//! One action on many accounts: ordered here, then run by the courier, one account at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::flow::events::Caller;
use crate::model::bulk_job::{BulkAction, BulkFilter, BulkJob, BulkScope, BulkState};
use crate::model::id::{AccountId, BulkJobId};
use crate::ports::{Clock, Env, KeyValue, PAUSE, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::lease::Lease;
use crate::store::{accounts, bulk_jobs};

pub mod work;

/// How many accounts are read at the same time.
const CHUNK: i64 = 100;
/// To count the matching accounts, scans at most this many, for at most this long, since the caller waits.
const COUNTED: i64 = 20_000;
const COUNTED_FOR: Duration = Duration::from_secs(5);

/// Which accounts to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those with these ids.
    Ids(Vec<AccountId>),
    /// All accounts that match the filter when they are reached.
    Filter(BulkFilter),
}

/// An administrator's order to start a bulk job.
#[derive(Debug, Clone)]
pub struct Order {
    /// The change to make to each account.
    pub action: BulkAction,
    /// The accounts to change.
    pub selection: Selection,
    /// Why, for the events.
    pub reason: Option<String>,
}

/// How many accounts a job would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Matching accounts among those scanned.
    pub matching: u64,
    /// Whether all accounts were scanned.
    pub complete: bool,
}

/// Why no job was begun.
#[derive(Debug, thiserror::Error)]
pub enum StartBulkError {
    /// A hundred jobs are running.
    #[error("too many jobs are running")]
    TooMany,
    /// The store failed. The job may have been started.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Counts the accounts that `selection` matches, for at most five seconds.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn count<E: Env>(env: &E, selection: &Selection) -> Result<Count, Unavailable> {
    match selection {
        Selection::Ids(ids) => count_ids(env.store(), ids).await,
        Selection::Filter(filter) => {
            let last = accounts::last_number(env.store()).await?;
            count_matching(env, filter, last).await
        }
    }
}

async fn count_ids(store: &impl KeyValue, ids: &[AccountId]) -> Result<Count, Unavailable> {
    let mut matching = 0_u64;
    let ids: BTreeSet<&AccountId> = ids.iter().collect();
    let found = ids.into_iter().map(|id| accounts::find(store, id));
    for account in futures::future::join_all(found).await {
        match account {
            Ok(account) => matching = matching.saturating_add(u64::from(account.is_some())),
            Err(Unavailable::Record(_)) => {}
            Err(outage) => return Err(outage),
        }
    }
    Ok(Count {
        matching,
        complete: true,
    })
}

async fn count_matching<E: Env>(
    env: &E,
    filter: &BulkFilter,
    last: i64,
) -> Result<Count, Unavailable> {
    let ends_at = env.clock().now().plus(COUNTED_FOR);
    let (mut matching, mut seen) = (0_u64, 0);
    while seen < last.min(COUNTED) && env.clock().now() < ends_at {
        let to = seen.saturating_add(CHUNK).min(last);
        for (_, found) in accounts::range(env.store(), seen.saturating_add(1), to).await {
            let matches = match found {
                Ok(account) => account.is_some_and(|account| filter.matches(&account)),
                Err(Unavailable::Record(_)) => false,
                Err(outage) => return Err(outage),
            };
            matching = matching.saturating_add(u64::from(matches));
        }
        seen = to;
        env.clock().sleep(PAUSE).await;
    }
    Ok(Count {
        matching,
        complete: seen >= last,
    })
}

/// Starts a job, which the courier runs. Accounts created later are not part of it.
///
/// # Errors
/// As [`StartBulkError`] says. After an outage it may have started: look in the list of jobs.
pub async fn start<E: Env>(
    cx: &mut Cx<'_, E>,
    order: Order,
    by: &Caller,
) -> Result<BulkJob, StartBulkError> {
    let (scope, ids, last, total) = match order.selection {
        Selection::Ids(ids) => {
            let mut seen = BTreeSet::new();
            let ids: Vec<_> = ids
                .into_iter()
                .filter(|id| seen.insert(id.clone()))
                .collect();
            let count = ids.len();
            let last = i64::try_from(count).unwrap_or(i64::MAX);
            let total = u64::try_from(count).ok();
            (BulkScope::Ids, Some(ids), last, total)
        }
        Selection::Filter(filter) => {
            let last = accounts::last_number(cx.store()).await?;
            let Count { matching, complete } = count_matching(cx.env, &filter, last).await?;
            let total = complete.then_some(matching);
            (BulkScope::Filter(filter), None, last, total)
        }
    };
    let job = BulkJob {
        id: BulkJobId::generate(cx.env.random())?,
        action: order.action,
        scope,
        actor: by.actor(),
        from: by.from.clone(),
        reason: order.reason,
        created_at: cx.now,
        updated_at: cx.now,
        state: BulkState::Running,
        last,
        cursor: 0,
        total,
        done: 0,
        skipped: 0,
        failed: 0,
        failures: Vec::new(),
        tries: 0,
    };
    let held = Lease::wait(cx, bulk_jobs::LIST_LEASE).await?;
    let mut batch = Batch::default();
    if !bulk_jobs::insert(cx.store(), &mut batch, &job, ids).await? {
        return Err(StartBulkError::TooMany);
    }
    batch.under(held);
    batch.commit(cx).await?;
    Ok(job)
}

/// Stops a job: no further account is started. Returns whether there is such a job.
///
/// # Errors
/// [`Unavailable`] of the store; the call can be repeated.
pub async fn stop<E: Env>(cx: &Cx<'_, E>, id: &BulkJobId) -> Result<bool, Unavailable> {
    let Some(job) = bulk_jobs::find(cx.store(), id).await? else {
        return Ok(false);
    };
    if job.state == BulkState::Running {
        bulk_jobs::stop(cx.store(), id, cx.now).await?;
    }
    Ok(true)
}
