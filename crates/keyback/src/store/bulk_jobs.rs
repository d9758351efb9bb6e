//! Bulk jobs: their progress, the ids that they name, and the list of jobs.
//!
//! A job's progress is written together with the change to an account, so both take effect or neither. Stopping a job
//! writes a mark beside it, and leaves the record itself to the courier that works it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::bulk_job::{BulkJob, BulkState};
use crate::model::id::{AccountId, BulkJobId};
use crate::ports::{KeyValue, Unavailable};
use crate::store::batch::Batch;
use crate::store::{keys, lease, record};

/// The name of the lease under which the list of jobs is changed.
pub const LIST_LEASE: &str = "bulk-jobs";
/// How long a job can be viewed after its end.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// How many jobs are listed, and so how many may run.
const LISTED: usize = 100;

/// The latest jobs, newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    jobs: Vec<BulkJobId>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ids {
    ids: Vec<AccountId>,
}

/// The mark that a job is to be stopped.
#[derive(Debug, Serialize, Deserialize)]
struct Stop {
    at: Timestamp,
}

/// The name of the lease under which a job is worked.
#[must_use]
pub fn lease_name(id: &BulkJobId) -> String {
    format!("bulk.{id}")
}

/// The job `id`. A job with a stop mark is stopped, whether or not the courier has seen the mark.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(store: &impl KeyValue, id: &BulkJobId) -> Result<Option<BulkJob>, Unavailable> {
    let (job, stop) = (keys::bulk_job(id), keys::bulk_stop(id));
    let (job, stop) = futures::join!(
        record::find::<BulkJob>(store, &job),
        record::find::<Stop>(store, &stop),
    );
    let (job, stop) = (job?, stop?);
    Ok(job.map(|job| match stop {
        Some(Stop { at }) if job.state == BulkState::Running => job.ended(BulkState::Stopped, at),
        _ => job,
    }))
}

/// The job `id` as last written by the courier.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_progress(
    store: &impl KeyValue,
    id: &BulkJobId,
) -> Result<Option<BulkJob>, Unavailable> {
    record::find(store, &keys::bulk_job(id)).await
}

/// The accounts that the job `id` names.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_ids(
    store: &impl KeyValue,
    id: &BulkJobId,
) -> Result<Vec<AccountId>, Unavailable> {
    let found: Option<Ids> = record::find(store, &keys::bulk_ids(id)).await?;
    Ok(found.map(|found| found.ids).unwrap_or_default())
}

/// The latest jobs, newest first. Jobs whose record is gone are left out.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn list(store: &impl KeyValue) -> Result<Vec<BulkJob>, Unavailable> {
    let list: List = record::find(store, &keys::bulk_jobs())
        .await?
        .unwrap_or_default();
    let found = list.jobs.iter().map(|id| find(store, id));
    let found = futures::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().collect())
}

/// The jobs whose end the courier has not seen, oldest first. One whose record cannot be read is left to a newer
/// version.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn list_unfinished(store: &impl KeyValue) -> Result<Vec<BulkJob>, Unavailable> {
    let list: List = record::find(store, &keys::bulk_jobs())
        .await?
        .unwrap_or_default();
    let found = list.jobs.iter().rev().map(|id| find_progress(store, id));
    let mut unfinished = Vec::new();
    for job in futures::future::join_all(found).await {
        match job {
            Ok(job) => unfinished.extend(job.filter(|job| job.state == BulkState::Running)),
            Err(Unavailable::Record(_)) => {}
            Err(outage) => return Err(outage),
        }
    }
    Ok(unfinished)
}

/// Adds a new job to the list. To be called under the lease [`LIST_LEASE`]. Returns false if too many are running; then
/// nothing was added.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn insert(
    store: &impl KeyValue,
    batch: &mut Batch,
    job: &BulkJob,
    ids: Option<Vec<AccountId>>,
) -> Result<bool, Unavailable> {
    let mut listed = list(store).await?;
    while listed.len() >= LISTED {
        let ended = listed.iter().rposition(|it| it.state != BulkState::Running);
        let Some(oldest) = ended else {
            return Ok(false);
        };
        // If it has a stop mark, the courier may not have seen it yet, and never would: the job is ended here.
        save(batch, &listed.remove(oldest))?;
    }
    let mut jobs = vec![job.id.clone()];
    jobs.extend(listed.into_iter().map(|it| it.id));
    batch.put(keys::bulk_jobs(), &List { jobs })?;
    if let Some(ids) = ids {
        batch.put(keys::bulk_ids(&job.id), &Ids { ids })?;
    }
    save(batch, job)?;
    Ok(true)
}

/// Writes a job's progress, and schedules the deletion of a finished job in 30 days.
///
/// # Errors
/// [`Unavailable::Record`].
pub fn save(batch: &mut Batch, job: &BulkJob) -> Result<(), Unavailable> {
    if job.state != BulkState::Running {
        let mut gone = vec![
            keys::bulk_job(&job.id).into(),
            keys::bulk_ids(&job.id).into(),
            keys::bulk_stop(&job.id).into(),
        ];
        // Left by a courier that died.
        gone.extend(lease::counters(&lease_name(&job.id)));
        batch.expire(job.updated_at.plus(KEPT_FOR), gone);
    }
    batch.put(keys::bulk_job(&job.id), job)
}

/// Tells the courier to stop the job `id`, which must exist.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn stop(
    store: &impl KeyValue,
    id: &BulkJobId,
    now: Timestamp,
) -> Result<(), Unavailable> {
    let write = (keys::bulk_stop(id), record::encode(&Stop { at: now })?);
    store.set_many(vec![write]).await
}

/// Whether the job `id` is to be stopped.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn is_told_to_stop(store: &impl KeyValue, id: &BulkJobId) -> Result<bool, Unavailable> {
    store.exists(&keys::bulk_stop(id).into()).await
}
