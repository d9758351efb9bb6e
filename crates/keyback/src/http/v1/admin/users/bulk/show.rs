//! `GET /v1/admin/users/bulk/:job`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::bulk::{find_id, shape};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::bulk_jobs;
use crate::store::cx::Cx;

/// Shows the progress of a job.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    request.query(&[])?;
    let found = bulk_jobs::find(cx.store(), &find_id(id)?).await?;
    let job = found.ok_or_else(Problem::not_found)?;
    Ok(Answer::of(200, &shape(&job)))
}
