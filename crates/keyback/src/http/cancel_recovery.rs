//! `POST /v1/cancel-recovery`

use std::convert::Infallible;

use crate::flow::cancel_recovery::{self, CancelRecoveryError};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::keyring::Keyring;
use crate::model::token::Token;
use crate::ports::Env;
use crate::settings::{self, ResetLimit, WebhookSettings};

/// Ends a recovery that its owner did not ask for.
pub async fn post<E: Env>(env: &E, request: &Request) -> Answer {
    answer(env, request).await.into()
}

async fn answer<E: Env>(env: &E, request: &Request) -> Result<Answer, Problem> {
    type Needed = (BaseUrl, Keyring, ProxyTrust, ResetLimit, WebhookSettings);
    let (_, keyring, trust, limit, _) = settings::load::<Needed>(env.variables()).await?;
    let token = request
        .members(|fields| fields.text("token", |text| Ok::<_, Infallible>(Token::parse(text))))?;
    let client = request.client(&trust);
    match cancel_recovery::run(env, &keyring, limit, token, client).await {
        Ok(afterwards) => Ok(Answer::no_content().and_then(afterwards)),
        Err(CancelRecoveryError::InvalidToken(afterwards)) => {
            Ok(Answer::from(Problem::invalid_reset_token()).and_then(afterwards))
        }
        Err(CancelRecoveryError::Refused(refusal)) => Err(refusal.into()),
    }
}
