//! `POST /v1/change-password`

use std::convert::Infallible;

use crate::flow::passwords::change::{self, ChangePasswordError, ChangePasswordSettings, Order};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::id::AccountId;
use crate::model::password::Password;
use crate::ports::Env;
use crate::settings::{ResetPassword, Scope};
use crate::store::cx::Cx;

/// Changes the password of a user who is signed in at the portal and gives the current one.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: ResetPassword,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::SignIn, cx.now)?;
    let order = request.members(|fields| {
        let password = |text: &str| Ok::<_, Infallible>(Password::new(text));
        let account_id = fields.text("user_id", AccountId::parse);
        let current_password = fields.text("current_password", password);
        let new_password = fields.text("new_password", password);
        let sign_out_everywhere = fields.boolean("sign_out_everywhere", true);
        Some(Order {
            account_id: account_id?,
            current_password: current_password?,
            new_password: new_password?,
            sign_out_everywhere: sign_out_everywhere?,
        })
    })?;
    let client = request.client(&settings.trust);
    let settings = ChangePasswordSettings {
        branding: settings.branding,
        keyring: settings.keyring,
        rules: settings.rules,
        limit: settings.sign_in_limit.0,
    };
    match change::run(cx, &settings, &order, client).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(ChangePasswordError::InvalidCredentials) => Err(Problem::invalid_credentials()),
        Err(ChangePasswordError::Expired) => Err(Problem::password_expired()),
        Err(ChangePasswordError::PasswordRejected(violations)) => {
            Err(Problem::password_rejected("new_password", &violations))
        }
        Err(ChangePasswordError::Refused(refusal)) => Err(refusal.into()),
    }
}
