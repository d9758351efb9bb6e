//! `/v1/admin/users/bulk…`: one action on many users, one file per call.

use serde::Serialize;
use serde_json::Value;

use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::model::bulk_job::{BulkAction, BulkFailure, BulkJob, BulkState};
use crate::model::id::{AccountId, BulkJobId};

pub mod list;
pub mod show;
pub mod start;
pub mod stop;

/// The job id in a segment of a path.
///
/// # Errors
/// 404 for a text that cannot be the id of a job.
fn find_id(segment: &str) -> Result<BulkJobId, Problem> {
    BulkJobId::parse(segment).map_err(|_| Problem::not_found())
}

/// A bulk job: one action on many accounts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "BulkJob"))]
pub(in crate::http) struct JobShown {
    id: String,
    action: BulkAction,
    state: BulkState,
    /// The number of accounts in the job. Null until it is known.
    total: Option<u64>,
    /// Changed accounts.
    done: u64,
    /// Skipped accounts: there was nothing to change.
    skipped: u64,
    /// Accounts that could not be changed.
    failed: u64,
    /// The first 100 accounts that could not be changed.
    failures: Vec<FailureShown>,
    /// The caller's reason, recorded in each event.
    reason: Option<String>,
    created_at: Time,
    updated_at: Time,
    /// Who started the job.
    #[cfg_attr(test, schemars(with = "crate::http::openapi::ActorMembers"))]
    actor: Value,
}

/// An account that a job could not change.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "BulkFailure"))]
pub(in crate::http) struct FailureShown {
    /// Null if the account could not be read.
    user_id: Option<String>,
    detail: String,
}

/// A job in the contract's form.
fn shape(job: &BulkJob) -> JobShown {
    JobShown {
        id: job.id.as_str().to_owned(),
        action: job.action,
        state: job.state,
        total: job.total,
        done: job.done,
        skipped: job.skipped,
        failed: job.failed,
        failures: job.failures.iter().map(show_failure).collect(),
        reason: job.reason.clone(),
        created_at: job.created_at.into(),
        updated_at: job.updated_at.into(),
        actor: job.actor.shape(),
    }
}

/// The id of an unreadable account is unknown.
fn show_failure(failure: &BulkFailure) -> FailureShown {
    let id = Some(&failure.user_id).filter(|id| **id != AccountId::placeholder());
    FailureShown {
        user_id: id.map(|id| id.as_str().to_owned()),
        detail: failure.detail.clone(),
    }
}
