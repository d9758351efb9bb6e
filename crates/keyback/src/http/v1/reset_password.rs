//! `POST /v1/reset-password`

use std::convert::Infallible;

use crate::flow::recovery::reset_password::{self, Order, ResetPasswordError, ResetSettings};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::password::Password;
use crate::model::token::Token;
use crate::ports::Env;
use crate::settings::ResetPassword;
use crate::store::cx::Cx;

pub mod check;

/// Sets a new password with a link token or a reset token.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: ResetPassword,
) -> Result<Answer, Problem> {
    let order = request.members(|fields| {
        let token = fields.text("token", |text| Ok::<_, Infallible>(Token::find(text)));
        let new_password = fields.text("new_password", |text| {
            Ok::<_, Infallible>(Password::new(text))
        });
        let sign_out_everywhere = fields.boolean("sign_out_everywhere", true);
        Some(Order {
            token: token?,
            new_password: new_password?,
            sign_out_everywhere: sign_out_everywhere?,
        })
    })?;
    let client = request.client(&settings.trust);
    let settings = ResetSettings {
        branding: settings.branding,
        keyring: settings.keyring,
        rules: settings.rules,
        limit: settings.limit.0,
    };
    match reset_password::run(cx, &settings, &order, client).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(ResetPasswordError::InvalidToken) => Err(Problem::invalid_reset_token()),
        Err(ResetPasswordError::PasswordRejected(violations)) => {
            Err(Problem::password_rejected("new_password", &violations))
        }
        Err(ResetPasswordError::LastPasswordRejected(violations)) => {
            Err(Problem::last_password_rejected("new_password", &violations))
        }
        Err(ResetPasswordError::StartAgain(outage)) => Err(Problem::start_again(outage)),
        Err(ResetPasswordError::Refused(refusal)) => Err(refusal.into()),
    }
}
