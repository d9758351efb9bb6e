//! `DELETE /v1/admin/users/:id`

use crate::flow::accounts::delete;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

pub(crate) async fn delete<E: Env>(
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
    let by = authorise(request, &settings.access, Scope::Users, cx.now)?;
    let id = find_id(id)?;
    if delete::run(cx, &id, &by).await? {
        Ok(Answer::no_content())
    } else {
        Err(Problem::not_found())
    }
}
