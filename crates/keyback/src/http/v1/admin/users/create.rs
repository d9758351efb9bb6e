//! `POST /v1/admin/users`

use std::convert::Infallible;

use crate::flow::accounts::create::{self, CreateAccountError, Draft, InitialPassword};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::{path_of, shape};
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::password::Password;
use crate::model::password::PasswordHash;
use crate::ports::Env;
use crate::settings::{Accounts, Scope, TemporaryPasswordLifetime};
use crate::store::cx::Cx;

const RESERVED: &str = "is reserved";

pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    let draft = request.members(|fields| read_draft(fields, settings.temporary))?;
    match create::run(cx, &settings.rules, draft, &caller).await {
        Ok(created) => {
            let location = path_of(&created.id);
            Ok(Answer::json(201, shape(&created)).with_header("location", location))
        }
        Err(CreateAccountError::Taken) => Err(Problem::conflict()),
        Err(CreateAccountError::PasswordRejected(violations)) => {
            Err(Problem::password_rejected("password", &violations))
        }
        Err(CreateAccountError::Unavailable(outage)) => Err(outage.into()),
    }
}

/// The members of an account to create, here and on each line of an import.
pub(super) fn read_draft(
    fields: &mut Fields,
    lifetime: TemporaryPasswordLifetime,
) -> Option<Draft> {
    let email = fields.text("email", EmailAddress::parse);
    let id = fields.optional_text("id", |text| match text {
        // The path of that account would be the import's.
        "import" => Err(RESERVED.to_owned()),
        text => AccountId::parse(text).map_err(|error| error.to_string()),
    });
    let clear = fields.optional_text("password", |text| {
        Ok::<_, Infallible>(InitialPassword::Clear(Password::new(text)))
    });
    let hashed = fields.optional_text("password_hash", |text| {
        PasswordHash::parse(text).map(InitialPassword::Hashed)
    });
    let locale = fields.locale();
    let change_on_next_sign_in = fields.boolean("change_on_next_sign_in", false);
    let reason = read_reason(fields);
    let password = match (clear?, hashed?) {
        (Some(_), Some(_)) => {
            fields.refuse("password_hash", "must not stand beside password");
            return None;
        }
        (clear, hashed) => clear.or(hashed),
    };
    if change_on_next_sign_in? && password.is_none() {
        fields.refuse(
            "change_on_next_sign_in",
            "needs a password that can be changed",
        );
        return None;
    }
    // Somebody else knows a password in clear that is to be changed. One that came as a hash is the user's own.
    let is_temporary =
        change_on_next_sign_in? && matches!(password, Some(InitialPassword::Clear(_)));
    Some(Draft {
        email: email?,
        id: id?,
        password,
        locale: locale?,
        change_on_next_sign_in: change_on_next_sign_in?,
        password_expires_in: is_temporary.then_some(lifetime.0),
        reason: reason?,
    })
}
