//! `POST /v1/password-policy/check`

use std::convert::Infallible;

use serde::Serialize;

use crate::flow::passwords::assess::{self, Caller};
use crate::http::answer::Answer;
use crate::http::problem::{ErrorShown, Problem, violations_of};
use crate::http::request::Request;
use crate::model::email_address::EmailAddress;
use crate::model::password::Password;
use crate::ports::Env;
use crate::settings::ResetPassword;
use crate::store::cx::Cx;

/// How strong a password is, and which rules it breaks.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct PasswordAssessment {
    /// zxcvbn's score, 0 to 4.
    #[cfg_attr(test, schemars(range(max = 4)))]
    score: u8,
    /// Whether the password meets all rules.
    accepted: bool,
    /// The rules that the password breaks.
    errors: Vec<ErrorShown>,
}

/// Reports how strong a password is and which rules it breaks, while it is being typed.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ResetPassword,
) -> Result<Answer, Problem> {
    let (password, email) = request.members(|fields| {
        let password = fields.text("password", |text| Ok::<_, Infallible>(Password::new(text)));
        let email = fields.optional_text("email", EmailAddress::parse);
        Some((password?, email?))
    })?;
    let caller = Caller {
        client: request.client(&settings.trust),
        resets: settings.limit.0,
    };
    let policy = &settings.rules.policy;
    let assessment = assess::run(
        cx,
        &settings.keyring,
        policy,
        caller,
        &password,
        email.as_ref(),
    )
    .await?;
    let body = PasswordAssessment {
        score: assessment.score,
        accepted: assessment.violations.is_empty(),
        errors: violations_of("password", &assessment.violations),
    };
    Ok(Answer::of(200, &body))
}
