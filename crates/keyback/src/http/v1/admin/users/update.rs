//! `PATCH /v1/admin/users/:id`

use crate::flow::accounts::update::{self, Changes, UpdateAccountError, UpdateSettings};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::{find_id, shape_of};
use crate::model::email_address::EmailAddress;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

pub(in crate::http) async fn patch<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let (changes, reason) = request.members(|fields| {
        let changes = read_changes(fields);
        let reason = read_reason(fields);
        Some((changes?, reason?))
    })?;
    let settings = UpdateSettings {
        branding: settings.branding,
        keyring: settings.keyring,
    };
    match update::run(cx, &settings, &id, changes, &caller, reason).await {
        Ok(updated) => {
            let shape = shape_of(cx, &settings.keyring, &updated).await?;
            Ok(Answer::of(200, &shape))
        }
        Err(UpdateAccountError::NotFound) => Err(Problem::not_found()),
        Err(UpdateAccountError::Taken) => Err(Problem::conflict()),
        Err(UpdateAccountError::Reserved(until)) => Err(Problem::reserved(until)),
        Err(UpdateAccountError::Unavailable(outage)) => Err(outage.into()),
    }
}

/// The members of a merge patch of an account (RFC 7396), in which `null` removes a value. Only the language can be
/// removed: every account has an address, and is either enabled or disabled.
fn read_changes(fields: &mut Fields) -> Option<Changes> {
    fields.refuse_removal("email", "must not be null: every account has an address");
    fields.refuse_removal("disabled", "must be true or false");
    let email = fields.optional_text("email", EmailAddress::parse);
    let locale = fields.patched_locale();
    let disabled = fields.optional_boolean("disabled");
    Some(Changes {
        email: email?,
        locale: locale?,
        disabled: disabled?,
    })
}
