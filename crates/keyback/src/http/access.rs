//! Who calls the administrator's API.

use crate::flow::caller::Caller;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::settings::{Access, Scope};

/// Lets the call pass if its API key is listed and has `scope`.
///
/// # Errors
/// 401 for no or no good key, 403 for a key without the scope; both before anything else is looked at.
pub(super) fn authorise(
    request: &Request,
    access: &Access,
    scope: Scope,
) -> Result<Caller, Problem> {
    let bearer = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, bearer)| bearer.trim());
    let key = bearer
        .and_then(|bearer| access.find(bearer))
        .ok_or_else(Problem::unauthorized)?;
    if key.scopes.contains(&scope) {
        Ok(Caller {
            id: key.id.clone(),
            audit_context: None,
        })
    } else {
        Err(Problem::forbidden())
    }
}
