//! `DELETE /v1/admin/users/:id`

use crate::flow::accounts::delete;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::ports::Env;
use crate::settings::{self, Access, Scope, WebhookSettings};
use crate::store::cx::Cx;

pub(crate) async fn delete<E: Env>(cx: &mut Cx<'_, E>, request: &Request, id: &str) -> Answer {
    answer(cx, request, id).await.into()
}

async fn answer<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    id: &str,
) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, Keyring, Access, WebhookSettings);
    let (_, _, access, _) = settings::load::<Needed>(cx.env.variables()).await?;
    let by = authorise(request, &access, Scope::Users, cx.now)?;
    let id = AccountId::parse(id).map_err(|_| Problem::not_found())?;
    if delete::run(cx, &id, &by).await? {
        Ok(Answer::no_content())
    } else {
        Err(Problem::not_found())
    }
}
