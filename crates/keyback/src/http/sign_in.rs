//! `POST /v1/sign-in`

use std::convert::Infallible;

use serde_json::json;

use crate::flow::sign_in::{self, SignInError, Who};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::password::Password;
use crate::ports::{Clock, Env};
use crate::settings::{self, Access, ResetTokenLifetime, Scope, SignInLimit};

/// Tells whether a password is right.
pub async fn post<E: Env>(env: &E, request: &Request) -> Answer {
    answer(env, request).await.into()
}

async fn answer<E: Env>(env: &E, request: &Request) -> Result<Answer, Problem> {
    type Needed = (
        BaseUrl,
        Access,
        Keyring,
        ProxyTrust,
        ResetTokenLifetime,
        SignInLimit,
    );
    let (_, access, keyring, trust, lifetime, limit) =
        settings::load::<Needed>(env.variables()).await?;
    authorise(request, &access, Scope::SignIn, env.clock().now())?;
    let (who, password) = request.members(|fields| {
        let email = fields.optional_text("email", EmailAddress::parse);
        let id = fields.optional_text("user_id", AccountId::parse);
        let password = fields.text("password", |text| Ok::<_, Infallible>(Password::new(text)));
        let who = match (email?, id?) {
            (Some(email), None) => Who::Email(email),
            (None, Some(id)) => Who::Id(id),
            (None, None) => {
                fields.refuse("email", "is missing: give either email or user_id");
                return None;
            }
            (Some(_), Some(_)) => {
                fields.refuse("user_id", "must not stand beside email");
                return None;
            }
        };
        Some((who, password?))
    })?;
    let client = request.client(&trust);
    match sign_in::run(env, &keyring, lifetime, limit, &who, &password, client).await {
        Ok((signed_in, afterwards)) => {
            let password_change = signed_in.password_change.map(|change| {
                json!({
                    "reason": "must-change",
                    "token": change.token.reveal(),
                    "expires_in": change.expires_in.as_secs(),
                })
            });
            let body = json!({
                "user_id": signed_in.account_id.as_str(),
                "credential_epoch": signed_in.credential_epoch,
                "password_change": password_change,
            });
            Ok(Answer::json(200, body).and_then(afterwards))
        }
        Err(SignInError::InvalidCredentials(afterwards)) => {
            Ok(Answer::from(Problem::invalid_credentials()).and_then(afterwards))
        }
        Err(SignInError::Expired(afterwards)) => {
            Ok(Answer::from(Problem::password_expired()).and_then(afterwards))
        }
        Err(SignInError::Refused(refusal)) => Err(refusal.into()),
    }
}
