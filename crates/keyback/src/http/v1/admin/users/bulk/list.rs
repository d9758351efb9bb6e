//! `GET /v1/admin/users/bulk`

use serde_json::{Value, json};

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::bulk::shape;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::bulk_jobs;
use crate::store::cx::Cx;

/// Lists the jobs of the last 30 days, newest first.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    request.query(&[])?;
    let jobs = bulk_jobs::list(cx.store()).await?;
    let jobs: Vec<Value> = jobs.iter().map(shape).collect();
    Ok(Answer::json(200, json!({"jobs": jobs})))
}
