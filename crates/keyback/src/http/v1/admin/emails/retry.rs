//! `POST /v1/admin/emails/:id/retry`

use crate::flow::emails::retry::{self, RetryEmailError};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::emails::shape;
use crate::http::v1::admin::read_reason;
use crate::model::id::EmailId;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// Retries a failed email.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let by = authorise(request, &settings.access, Scope::EmailsRetry, cx.now)?;
    request.query(&[])?;
    let id = EmailId::parse(id).map_err(|_| Problem::not_found())?;
    let reason = request.optional_members(read_reason)?;
    match retry::run(cx, &id, &by, reason).await {
        Ok(found) => Ok(Answer::of(202, &shape(&found))),
        Err(RetryEmailError::NotFound) => Err(Problem::not_found()),
        Err(RetryEmailError::NothingToTry) => Err(Problem::email_not_failed()),
        Err(RetryEmailError::Unavailable(outage)) => Err(outage.into()),
    }
}
