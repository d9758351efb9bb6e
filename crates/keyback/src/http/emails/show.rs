//! `GET /v1/admin/emails/:id`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::emails::shape;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::id::EmailId;
use crate::model::keyring::Keyring;
use crate::ports::Env;
use crate::settings::{self, Access, Scope};
use crate::store::cx::Cx;
use crate::store::outbox;

pub(crate) async fn get<E: Env>(cx: &mut Cx<'_, E>, request: &Request, id: &str) -> Answer {
    answer(cx, request, id).await.into()
}

async fn answer<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    id: &str,
) -> Result<Answer, Problem> {
    let (_, _, access) = settings::load::<(BaseUrl, Keyring, Access)>(cx.env.variables()).await?;
    authorise(request, &access, Scope::Events, cx.now)?;
    let id = EmailId::parse(id).map_err(|_| Problem::not_found())?;
    let found = outbox::find(cx.store(), &id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(Answer::json(200, shape(&found)))
}
