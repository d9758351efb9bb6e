//! `POST /v1/admin/users`, `GET /v1/admin/users/:id`

use std::convert::Infallible;

use serde_json::{Value, json};

use crate::flow::create_account::{self, CreateAccountError, Draft, InitialPassword};
use crate::flow::{self, AccountWithCredential};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::PasswordPolicy;
use crate::model::timestamp::Timestamp;
use crate::ports::Env;
use crate::settings::{self, Access, Scope};

/// Creates an account.
pub async fn post<E: Env>(env: &E, request: &Request) -> Answer {
    create(env, request).await.into()
}

async fn create<E: Env>(env: &E, request: &Request) -> Result<Answer, Problem> {
    let (_, _, access, policy) =
        settings::load::<(BaseUrl, Keyring, Access, PasswordPolicy)>(env.variables()).await?;
    let caller = authorise(request, &access, Scope::Users)?;
    let draft = request.members(read_draft)?;
    match create_account::run(env, &policy, draft, &caller).await {
        Ok((created, afterwards)) => {
            let location = format!("/v1/admin/users/{}", created.account.id);
            Ok(Answer::json(201, shape(&created))
                .with_header("location", location)
                .and_then(afterwards))
        }
        Err(CreateAccountError::Taken) => Err(Problem::conflict()),
        Err(CreateAccountError::PasswordRejected(violations)) => {
            Err(Problem::password_rejected("password", &violations))
        }
        Err(CreateAccountError::Outage(outage)) => Err(outage.into()),
    }
}

fn read_draft(fields: &mut Fields) -> Option<Draft> {
    let email = fields.text("email", EmailAddress::parse);
    let id = fields.optional_text("id", AccountId::parse);
    let clear = fields.optional_text("password", |text| {
        Ok::<_, Infallible>(InitialPassword::Clear(Password::new(text)))
    });
    let hashed = fields.optional_text("password_hash", |text| {
        PasswordHash::parse(text).map(InitialPassword::Hashed)
    });
    let locale = fields.optional_text("locale", Locale::parse);
    let change_on_next_sign_in = fields.boolean("change_on_next_sign_in", false);
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
    Some(Draft {
        email: email?,
        id: id?,
        password,
        locale: locale?,
        change_on_next_sign_in: change_on_next_sign_in?,
    })
}

/// Shows an account.
pub async fn get<E: Env>(env: &E, request: &Request, id: &str) -> Answer {
    show(env, request, id).await.into()
}

async fn show<E: Env>(env: &E, request: &Request, id: &str) -> Result<Answer, Problem> {
    let (_, _, access) = settings::load::<(BaseUrl, Keyring, Access)>(env.variables()).await?;
    authorise(request, &access, Scope::Users)?;
    let id = AccountId::parse(id).map_err(|_| Problem::not_found())?;
    let found = flow::find_by_id(env.store(), &id).await?;
    found
        .map(|found| Answer::json(200, shape(&found)))
        .ok_or_else(Problem::not_found)
}

/// An account as the contract shows it. Nothing in it tells the password.
fn shape(found: &AccountWithCredential) -> Value {
    let account = &found.account;
    json!({
        "id": account.id.as_str(),
        "email": account.email.as_str(),
        "locale": account.locale.as_ref().map(Locale::as_str),
        "disabled": account.disabled,
        "created_at": account.created_at.rfc3339(),
        "credential": found.credential.as_ref().map(|credential| json!({
            "set_at": credential.set_at.rfc3339(),
            "set_by": credential.set_by.as_str(),
            "must_change": found.must_change(),
            "expires_at": credential.expires_at.map(Timestamp::rfc3339),
        })),
        "credential_epoch": found.epoch(),
    })
}
