//! `POST /v1/verify-otp`

use std::convert::Infallible;

use serde_json::json;

use crate::flow::recovery::verify_otp::{self, VerifyOtpError, VerifySettings};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::code::Code;
use crate::model::id::ChallengeId;
use crate::model::keyring::Keyring;
use crate::model::recovery::AttemptCaps;
use crate::ports::Env;
use crate::settings::{self, ResetTokenLifetime, VerifyLimit};
use crate::store::cx::Cx;

/// Turns a code into a reset token.
pub async fn post<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    answer(cx, request).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    type Needed = (
        BaseUrl,
        Keyring,
        ProxyTrust,
        ResetTokenLifetime,
        AttemptCaps,
        VerifyLimit,
    );
    let (_, keyring, trust, lifetime, caps, limit) =
        settings::load::<Needed>(cx.env.variables()).await?;
    let settings = VerifySettings {
        keyring,
        lifetime: lifetime.0,
        caps,
        limit: limit.0,
    };
    let (challenge_id, code) = request.members(|fields| {
        // A text that cannot be an id is an unknown one: one answer for all that is wrong.
        let challenge_id = fields.text("challenge_id", |text| {
            Ok::<_, Infallible>(ChallengeId::parse(text).ok())
        });
        let code = fields.text("code", |text| Ok::<_, Infallible>(Code::from_typed(text)));
        Some((challenge_id?, code?))
    })?;
    let client = request.client(&trust);
    match verify_otp::run(cx, &settings, challenge_id, &code, client).await {
        Ok(token) => {
            let body = json!({
                "reset_token": token.reveal(),
                "expires_in": settings.lifetime.as_secs(),
            });
            Ok(Answer::json(200, body))
        }
        Err(VerifyOtpError::InvalidOtp) => Err(Problem::invalid_otp()),
        Err(VerifyOtpError::StartAgain(outage)) => Err(Problem::start_again(outage)),
        Err(VerifyOtpError::Refused(refusal)) => Err(refusal.into()),
    }
}
