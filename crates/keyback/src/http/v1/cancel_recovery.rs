//! `POST /v1/cancel-recovery`

use std::convert::Infallible;

use crate::flow::recovery::cancel::{self, CancelRecoveryError};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::token::Token;
use crate::ports::Env;
use crate::settings::ResetPassword;
use crate::store::cx::Cx;

/// Ends a recovery that its owner did not ask for.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ResetPassword,
) -> Result<Answer, Problem> {
    let token = request
        .members(|fields| fields.text("token", |text| Ok::<_, Infallible>(Token::find(text))))?;
    let client = request.client(&settings.trust);
    match cancel::run(cx, &settings.keyring, settings.limit.0, token, client).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(CancelRecoveryError::InvalidToken) => Err(Problem::invalid_reset_token()),
        Err(CancelRecoveryError::Refused(refusal)) => Err(refusal.into()),
    }
}
