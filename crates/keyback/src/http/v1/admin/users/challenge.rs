//! `GET /v1/admin/users/:id/challenge`

use serde_json::json;

use crate::flow::recovery::find_challenge;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// Returns whether a recovery of the account is live, and until when. Contains no secret.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    let id = find_id(id)?;
    let found = find_challenge::run(cx, &id).await?;
    let challenge = found.ok_or_else(Problem::not_found)?.map(|challenge| {
        json!({
            "issued_at": challenge.issued_at.rfc3339(),
            "expires_at": challenge.expires_at.rfc3339(),
        })
    });
    Ok(Answer::json(200, json!({"challenge": challenge})))
}
