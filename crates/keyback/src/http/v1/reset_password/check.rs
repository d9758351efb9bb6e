//! `POST /v1/reset-password/check`

use std::convert::Infallible;

use serde::Serialize;

use crate::flow::recovery::check_token::{self, ChangeReason, CheckTokenError};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::token::Token;
use crate::ports::Env;
use crate::settings::ResetPassword;
use crate::store::cx::Cx;

/// The account whose password the token sets, and the reason.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct CheckedToken {
    /// The account's address.
    email: String,
    /// Seconds until the token expires.
    expires_in: u64,
    /// Why the token was issued.
    reason: ChangeReason,
}

/// Returns whose password a token sets, before one is chosen. As a `POST`, it is not triggered by prefetching.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ResetPassword,
) -> Result<Answer, Problem> {
    let token = request
        .members(|fields| fields.text("token", |text| Ok::<_, Infallible>(Token::find(text))))?;
    let client = request.client(&settings.trust);
    match check_token::run(cx, &settings.keyring, settings.limit.0, token, client).await {
        Ok(checked) => {
            let body = CheckedToken {
                email: checked.email.as_str().to_owned(),
                expires_in: checked.expires_in.as_secs(),
                reason: checked.reason,
            };
            Ok(Answer::of(200, &body))
        }
        Err(CheckTokenError::InvalidToken) => Err(Problem::invalid_reset_token()),
        Err(CheckTokenError::Refused(refusal)) => Err(refusal.into()),
    }
}
