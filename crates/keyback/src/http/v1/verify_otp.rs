//! `POST /v1/verify-otp`

use std::convert::Infallible;

use serde::Serialize;

use crate::flow::recovery::verify_otp::{self, VerifyOtpError, VerifySettings, Whose};
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::code::Code;
use crate::model::email_address::EmailAddress;
use crate::model::id::ChallengeId;
use crate::ports::Env;
use crate::settings::VerifyOtp;
use crate::store::cx::Cx;

/// A token for a verified code.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct ResetTokenIssued {
    /// Valid for one reset.
    reset_token: String,
    /// Seconds until it expires.
    expires_in: u64,
}

/// Turns a code into a reset token.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: VerifyOtp,
) -> Result<Answer, Problem> {
    let (whose, code) = request.members(read)?;
    let client = request.client(&settings.trust);
    let settings = VerifySettings {
        keyring: settings.keyring,
        lifetime: settings.lifetime.0,
        caps: settings.caps,
        limit: settings.limit.0,
    };
    match verify_otp::run(cx, &settings, &whose, &code, client).await {
        Ok(token) => {
            let body = ResetTokenIssued {
                reset_token: token.reveal(),
                expires_in: settings.lifetime.as_secs(),
            };
            Ok(Answer::of(200, &body))
        }
        Err(VerifyOtpError::InvalidOtp) => Err(Problem::invalid_otp()),
        Err(VerifyOtpError::StartAgain(outage)) => Err(Problem::start_again(outage)),
        Err(VerifyOtpError::Refused(refusal)) => Err(refusal.into()),
    }
}

fn read(fields: &mut Fields) -> Option<(Whose, Code)> {
    // A text that cannot be an id counts as unknown, so that all wrong input gets the same answer.
    let challenge_id = fields.optional_text("challenge_id", |text| {
        Ok::<_, Infallible>(ChallengeId::parse(text).ok())
    });
    let email = fields.optional_text("email", EmailAddress::parse);
    let code = fields.text("code", |text| Ok::<_, Infallible>(Code::from_typed(text)));
    let whose = match (challenge_id?, email?) {
        (Some(challenge_id), None) => Whose::Request(challenge_id),
        (None, Some(email)) => Whose::Address(email),
        (None, None) => {
            fields.refuse(
                "challenge_id",
                "is missing: give either challenge_id or email",
            );
            return None;
        }
        (Some(_), Some(_)) => {
            fields.refuse("email", "cannot be combined with challenge_id");
            return None;
        }
    };
    Some((whose, code?))
}
