//! `POST /v1/admin/users/:id/unlock`

use crate::flow::accounts::unlock::{self, UnlockError};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason_anywhere;
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// Lets an account's owner sign in and recover again, after others have used up its limits.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    let id = find_id(id)?;
    let reason = read_reason_anywhere(request)?;
    match unlock::run(cx, &id, &caller, reason).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(UnlockError::NotFound) => Err(Problem::not_found()),
        Err(UnlockError::Unavailable(outage)) => Err(outage.into()),
    }
}
