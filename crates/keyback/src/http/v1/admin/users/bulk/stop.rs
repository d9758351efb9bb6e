//! `DELETE /v1/admin/users/bulk/:job`

use crate::flow::accounts::bulk;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::bulk::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// Stops a job. What it has done is not undone.
pub(in crate::http) async fn delete<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    // A reason would be recorded nowhere.
    request.query(&[])?;
    if bulk::stop(cx, &find_id(id)?).await? {
        Ok(Answer::no_content())
    } else {
        Err(Problem::not_found())
    }
}
