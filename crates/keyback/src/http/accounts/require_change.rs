//! `PUT /v1/admin/users/:id/password-change`

use crate::flow::passwords::require_change::{self, RequireChangeError};
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

/// Requires, or no longer requires, a change of the password at the next sign-in.
pub async fn put<E: Env>(cx: &mut Cx<'_, E>, request: &Request, id: &str) -> Answer {
    answer(cx, request, id).await.into()
}

async fn answer<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    id: &str,
) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, Keyring, Access, WebhookSettings);
    let (_, _, access, _) = settings::load::<Needed>(cx.env.variables()).await?;
    let caller = authorise(request, &access, Scope::Reset, cx.now)?;
    let id = AccountId::parse(id).map_err(|_| Problem::not_found())?;
    let required = request.members(|fields| {
        let required = fields.optional_boolean("required")?;
        if required.is_none() {
            fields.refuse("required", "is missing");
        }
        required
    })?;
    match require_change::run(cx, &id, required, &caller).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(RequireChangeError::NotFound) => Err(Problem::not_found()),
        Err(RequireChangeError::NoCredential) => Err(Problem::no_credential()),
        Err(RequireChangeError::Outage(outage)) => Err(outage.into()),
    }
}
