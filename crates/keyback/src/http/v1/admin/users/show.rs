//! `GET /v1/admin/users/:id`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::{find_id, shape};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::accounts;
use crate::store::cx::Cx;

pub(crate) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Answer {
    answer(cx, request, settings, id).await.into()
}

async fn answer<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::Users, cx.now)?;
    let id = find_id(id)?;
    let found = accounts::find(cx.store(), &id).await?;
    found
        .map(|found| Answer::json(200, shape(&found)))
        .ok_or_else(Problem::not_found)
}
