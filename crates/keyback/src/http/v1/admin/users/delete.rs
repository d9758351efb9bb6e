//! `DELETE /v1/admin/users/:id`

use crate::flow::accounts::delete;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::find_id;
use crate::http::v1::admin::{parse_reason, read_reason};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

pub(in crate::http) async fn delete<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let by = authorise(request, &settings.access, Scope::UsersDelete, cx.now)?;
    let id = find_id(id)?;
    // Some clients and proxies drop the body of a DELETE (RFC 9110 §9.3.5).
    let of_query = request.query(&["reason"])?.parsed("reason", parse_reason)?;
    let reason = request.optional_members(read_reason)?.or(of_query);
    if delete::run(cx, &id, &by, reason).await? {
        Ok(Answer::no_content())
    } else {
        Err(Problem::not_found())
    }
}
