//! `/v1/admin/users/bulk…`: one action on many users, one file per call.

use serde_json::{Value, json};

use crate::http::problem::Problem;
use crate::model::bulk_job::{BulkFailure, BulkJob};
use crate::model::id::{AccountId, BulkJobId};

pub mod list;
pub mod show;
pub mod start;
pub mod stop;

/// The job that a segment of a path names.
///
/// # Errors
/// 404 for what no job can have as its id.
fn find_id(segment: &str) -> Result<BulkJobId, Problem> {
    BulkJobId::parse(segment).map_err(|_| Problem::not_found())
}

/// A job in the contract's form.
fn shape(job: &BulkJob) -> Value {
    let failures = job.failures.iter().map(show_failure);
    json!({
        "id": job.id.as_str(),
        "action": job.action.as_str(),
        "state": job.state.as_str(),
        "total": job.total,
        "done": job.done,
        "skipped": job.skipped,
        "failed": job.failed,
        "failures": failures.collect::<Vec<_>>(),
        "reason": job.reason,
        "created_at": job.created_at.rfc3339(),
        "updated_at": job.updated_at.rfc3339(),
        "actor": job.actor.shape(),
    })
}

/// Of an account that cannot be read, nobody knows the id.
fn show_failure(failure: &BulkFailure) -> Value {
    let id = Some(&failure.user_id).filter(|id| **id != AccountId::placeholder());
    json!({"user_id": id.map(AccountId::as_str), "detail": failure.detail})
}
