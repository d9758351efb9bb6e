//! `POST /v1/admin/emails/:id/retry`

use crate::flow::emails::retry::{self, RetryEmailError};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::emails::shape;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::id::EmailId;
use crate::model::keyring::Keyring;
use crate::ports::Env;
use crate::settings::{self, Access, Outgoing, Scope};
use crate::store::cx::Cx;

/// Retries a failed email. The body is ignored.
pub async fn post<E: Env>(cx: &mut Cx<'_, E>, request: &Request, id: &str) -> Answer {
    answer(cx, request, id).await.into()
}

async fn answer<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    id: &str,
) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, Keyring, Access, Outgoing);
    let (_, _, access, ..) = settings::load::<Needed>(cx.env.variables()).await?;
    authorise(request, &access, Scope::Courier, cx.now)?;
    let id = EmailId::parse(id).map_err(|_| Problem::not_found())?;
    match retry::run(cx, &id).await {
        Ok(found) => Ok(Answer::json(202, shape(&found))),
        Err(RetryEmailError::NotFound) => Err(Problem::not_found()),
        Err(RetryEmailError::NothingToTry) => Err(Problem::email_not_failed()),
        Err(RetryEmailError::Outage(outage)) => Err(outage.into()),
    }
}
