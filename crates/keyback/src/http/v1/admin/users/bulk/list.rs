//! `GET /v1/admin/users/bulk`

use serde::Serialize;

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::bulk::{JobShown, shape};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::bulk_jobs;
use crate::store::cx::Cx;

/// The jobs of the last 30 days, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct BulkJobs {
    jobs: Vec<JobShown>,
}

/// Lists the jobs of the last 30 days, newest first.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    request.query(&[])?;
    let jobs = bulk_jobs::list(cx.store()).await?;
    let jobs = jobs.iter().map(shape).collect();
    Ok(Answer::of(200, &BulkJobs { jobs }))
}
