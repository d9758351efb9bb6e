//! `POST /v1/sign-in`

use std::convert::Infallible;

use serde::Serialize;

use crate::flow::passwords::sign_in::{self, SignInError, SignInSettings, Who};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::password::Password;
use crate::ports::Env;
use crate::settings::{Scope, SignIn};
use crate::store::cx::Cx;

/// The password is right.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct SignedIn {
    /// ID of the account.
    user_id: String,
    /// Rises with each credential event, such as a new password. The portal ends sessions with a different epoch.
    credential_epoch: u64,
    /// Null, or why the user must choose another password first, and how.
    password_change: Option<PasswordChange>,
}

/// The user must choose another password.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct PasswordChange {
    /// An administrator requires it, or the password was temporary or is known from a breach.
    #[cfg_attr(test, schemars(extend("enum" = ["must-change"])))]
    reason: &'static str,
    /// A token for reset-password.
    token: String,
    /// Seconds until the token expires.
    expires_in: u64,
}

/// Verifies a password. Sessions and cookies are left to the portal.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: SignIn,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::SignIn, cx.now)?;
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
                fields.refuse("user_id", "cannot be combined with email");
                return None;
            }
        };
        Some((who, password?))
    })?;
    let client = request.client(&settings.trust);
    let settings = SignInSettings {
        keyring: settings.keyring,
        lifetime: settings.lifetime.0,
        limit: settings.limit.0,
        breach_list: settings.breach_list.0,
    };
    match sign_in::run(cx, &settings, &who, &password, client).await {
        Ok(signed_in) => {
            let password_change = signed_in.password_change.map(|change| PasswordChange {
                reason: "must-change",
                token: change.token.reveal(),
                expires_in: change.expires_in.as_secs(),
            });
            let body = SignedIn {
                user_id: signed_in.account_id.as_str().to_owned(),
                credential_epoch: signed_in.credential_epoch,
                password_change,
            };
            Ok(Answer::of(200, &body))
        }
        Err(SignInError::InvalidCredentials) => Err(Problem::invalid_credentials()),
        Err(SignInError::Expired) => Err(Problem::password_expired()),
        Err(SignInError::Refused(refusal)) => Err(refusal.into()),
    }
}
