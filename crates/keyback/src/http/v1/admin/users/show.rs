//! `GET /v1/admin/users/:id`

use serde_json::json;

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::{find_id, shape};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries, sign_in_locks};

/// Shows the account, and until when something keeps its owner out, if anything does.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    let id = find_id(id)?;
    let (store, now) = (cx.store(), cx.now);
    let (found, recovery) =
        futures::join!(accounts::find(store, &id), recoveries::find(store, &id));
    let account = found?.ok_or_else(Problem::not_found)?;
    let subject = account.sign_in_subject();
    let lock = sign_in_locks::find(store, &settings.keyring, &subject, now).await?;
    let paused = recovery?.and_then(|it| it.paused_for_anyone_until(&settings.issue, now));
    let mut body = shape(&account);
    if let Some(members) = body.as_object_mut() {
        for (name, until) in [
            ("locked_until", lock.map(|lock| lock.until)),
            ("recovery_paused_until", paused),
        ] {
            if let Some(until) = until {
                members.insert(name.to_owned(), json!(until.rfc3339()));
            }
        }
    }
    Ok(Answer::json(200, body))
}
