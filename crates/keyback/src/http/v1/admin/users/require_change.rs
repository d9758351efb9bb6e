//! `PUT /v1/admin/users/:id/password-change`

use crate::flow::passwords::require_change::{self, RequireChangeError};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// Requires a change of the password at the next sign-in, or lifts the requirement.
pub(in crate::http) async fn put<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::Reset, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let (required, reason) = request.members(|fields| {
        let required = fields.optional_boolean("required");
        let reason = read_reason(fields);
        let required = required?;
        if required.is_none() {
            fields.refuse("required", "is missing");
        }
        Some((required?, reason?))
    })?;
    match require_change::run(cx, &id, required, &caller, reason).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(RequireChangeError::NotFound) => Err(Problem::not_found()),
        Err(RequireChangeError::NoCredential) => Err(Problem::no_credential()),
        Err(RequireChangeError::Unavailable(outage)) => Err(outage.into()),
    }
}
