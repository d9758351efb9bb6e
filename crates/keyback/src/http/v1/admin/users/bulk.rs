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

/// A job: one action on many accounts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "BulkJob"))]
pub(in crate::http) struct JobShown {
    id: String,
    action: BulkAction,
    state: BulkState,
    /// How many accounts it is about; null until that is known.
    total: Option<u64>,
    /// How many were changed.
    done: u64,
    /// With how many nothing was left to do.
    skipped: u64,
    /// With how many nothing could be done.
    failed: u64,
    /// The first 100 of those.
    failures: Vec<FailureShown>,
    /// The caller's reason, which each event has.
    reason: Option<String>,
    created_at: Time,
    updated_at: Time,
    /// Who ordered it.
    #[cfg_attr(test, schemars(with = "crate::http::openapi::ActorMembers"))]
    actor: Value,
}

/// An account with which a job could do nothing.
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
