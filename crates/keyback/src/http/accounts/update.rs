//! `PATCH /v1/admin/users/:id`

use crate::flow::accounts::update::{self, Changes, UpdateAccountError, UpdateSettings};
use crate::http::access::authorise;
use crate::http::accounts::shape;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::ports::Env;
use crate::settings::{self, Access, MailBranding, Outgoing, Scope};
use crate::store::cx::Cx;

pub(crate) async fn patch<E: Env>(cx: &mut Cx<'_, E>, request: &Request, id: &str) -> Answer {
    answer(cx, request, id).await.into()
}

async fn answer<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    id: &str,
) -> Result<Answer, Problem> {
    type Needed = (MailBranding, Keyring, Access, Outgoing);
    let (branding, keyring, access, _) = settings::load::<Needed>(cx.env.variables()).await?;
    let caller = authorise(request, &access, Scope::Users, cx.now)?;
    let id = AccountId::parse(id).map_err(|_| Problem::not_found())?;
    let changes = request.members(|fields| {
        let email = fields.optional_text("email", EmailAddress::parse);
        let locale = fields.optional_text("locale", Locale::parse);
        let disabled = fields.optional_boolean("disabled");
        Some(Changes {
            email: email?,
            locale: locale?,
            disabled: disabled?,
        })
    })?;
    let settings = UpdateSettings { branding, keyring };
    match update::run(cx, &settings, &id, changes, &caller).await {
        Ok(updated) => Ok(Answer::json(200, shape(&updated))),
        Err(UpdateAccountError::NotFound) => Err(Problem::not_found()),
        Err(UpdateAccountError::Taken) => Err(Problem::conflict()),
        Err(UpdateAccountError::Outage(outage)) => Err(outage.into()),
    }
}
