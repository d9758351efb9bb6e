//! `POST /v1/cancel-recovery`

use std::convert::Infallible;

use crate::flow::recovery::cancel::{self, CancelRecoveryError};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::keyring::Keyring;
use crate::model::token::Token;
use crate::ports::Env;
use crate::settings::{self, ResetLimit, WebhookSettings};
use crate::store::cx::Cx;

/// Ends a recovery that its owner did not ask for.
pub async fn post<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    answer(cx, request).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, Keyring, ProxyTrust, ResetLimit, WebhookSettings);
    let (_, keyring, trust, limit, _) = settings::load::<Needed>(cx.env.variables()).await?;
    let token = request
        .members(|fields| fields.text("token", |text| Ok::<_, Infallible>(Token::parse(text))))?;
    let client = request.client(&trust);
    match cancel::run(cx, &keyring, limit.0, token, client).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(CancelRecoveryError::InvalidToken) => Err(Problem::invalid_reset_token()),
        Err(CancelRecoveryError::Refused(refusal)) => Err(refusal.into()),
    }
}
