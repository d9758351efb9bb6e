//! Who calls the administrator's API.

use crate::flow::caller::Caller;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::timestamp::Timestamp;
use crate::settings::{Access, Scope};

/// Lets the call pass if its API key is listed, or its token is good at `now`, and has `scope`.
///
/// # Errors
/// 401 for no good key or token, 403 for one without the scope; both before anything else is looked at.
pub(super) fn authorise(
    request: &Request,
    access: &Access,
    scope: Scope,
    now: Timestamp,
) -> Result<Caller, Problem> {
    let bearer = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, bearer)| bearer.trim());
    let (caller, may) = bearer
        .and_then(|bearer| {
            by_api_key(access, bearer, scope).or_else(|| by_token(access, bearer, scope, now))
        })
        .ok_or_else(Problem::unauthorized)?;
    if may {
        Ok(caller)
    } else {
        Err(Problem::forbidden())
    }
}

/// Who calls with an API key, and whether it has the scope.
fn by_api_key(access: &Access, bearer: &str, scope: Scope) -> Option<(Caller, bool)> {
    let key = access.find(bearer)?;
    let caller = Caller {
        id: key.id.clone(),
        audit_context: None,
    };
    Some((caller, key.scopes.contains(&scope)))
}

/// Who calls with a token, and whether it has the scope.
fn by_token(access: &Access, bearer: &str, scope: Scope, now: Timestamp) -> Option<(Caller, bool)> {
    let token = access.jwt()?.verify(bearer, now).ok()?;
    let may = token.scopes.iter().any(|it| it == scope.as_str());
    let caller = Caller {
        id: token.bearer,
        audit_context: token.audit_context,
    };
    Some((caller, may))
}
