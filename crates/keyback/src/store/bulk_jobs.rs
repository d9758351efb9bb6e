//! Bulk jobs: their progress, the ids that they name, and which there are.
//!
//! A job's progress is written with what it does to an account, so both are true or neither. Whoever stops a job leaves a
//! mark beside it: the record itself belongs to the courier that works it.

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
/// How long a job can be seen after its end.
const KEPT_FOR: Duration = Duration::from_hours(30 * 24);
/// How many jobs are listed, and so how many may run.
const LISTED: usize = 100;

/// The jobs there are, newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    jobs: Vec<BulkJobId>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Ids {
    ids: Vec<AccountId>,
}

/// That a job is to be stopped.
#[derive(Debug, Serialize, Deserialize)]
struct Stop {
    at: Timestamp,
}

/// The name of the lease under which a job is worked.
#[must_use]
pub fn lease_name(id: &BulkJobId) -> String {
    format!("bulk.{id}")
}

/// The job `id`. One that was told to stop is stopped, whether or not the courier has seen it.
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

/// The job `id` as the courier left it.
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

/// The latest jobs, newest first. One whose record is gone is left out.
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

/// The jobs that the courier has not seen the end of, oldest first. One whose record cannot be read is left to a newer
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

/// Adds a job that begins to those there are. To be called under the lease [`LIST_LEASE`]. False if too many are running:
/// then nothing was added.
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
        // If it was told to stop, the courier may not have seen it yet, and would never: it is ended here.
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

/// Writes a job's progress, and has one that is over deleted in 30 days.
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
        // Of a courier that died.
        gone.extend(lease::counters(&lease_name(&job.id)));
        batch.expire(job.updated_at.plus(KEPT_FOR), gone);
    }
    batch.put(keys::bulk_job(&job.id), job)
}

/// Tells the courier to stop the job `id`, which there is.
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
