//! `DELETE /v1/admin/users/:id`

use crate::flow::delete_account;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::ports::{Clock, Env};
use crate::settings::{self, Access, Scope, WebhookSettings};

/// Deletes an account.
pub async fn delete<E: Env>(env: &E, request: &Request, id: &str) -> Answer {
    answer(env, request, id).await.into()
}

async fn answer<E: Env>(env: &E, request: &Request, id: &str) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, Keyring, Access, WebhookSettings);
    let (_, _, access, _) = settings::load::<Needed>(env.variables()).await?;
    let by = authorise(request, &access, Scope::Users, env.clock().now())?;
    let id = AccountId::parse(id).map_err(|_| Problem::not_found())?;
    let afterwards = delete_account::run(env, &id, &by).await?;
    let afterwards = afterwards.ok_or_else(Problem::not_found)?;
    Ok(Answer::no_content().and_then(afterwards))
}
