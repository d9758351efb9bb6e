//! `GET /v1/admin/emails/:id`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::emails::shape;
use crate::model::id::EmailId;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::outbox;

pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::EmailsRead, cx.now)?;
    request.query(&[])?;
    let id = EmailId::parse(id).map_err(|_| Problem::not_found())?;
    let found = outbox::find(cx.store(), &id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(Answer::of(200, &shape(&found)))
}
