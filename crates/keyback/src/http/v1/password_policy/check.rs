//! `POST /v1/password-policy/check`

use std::convert::Infallible;

use serde_json::json;

use crate::flow::passwords::assess::{self, Caller};
use crate::http::answer::Answer;
use crate::http::problem::{Problem, violations_of};
use crate::http::request::Request;
use crate::model::email_address::EmailAddress;
use crate::model::password::Password;
use crate::ports::Env;
use crate::settings::ResetPassword;
use crate::store::cx::Cx;

/// Says how strong a password is and which rules it breaks, while it is being typed.
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
    Ok(Answer::json(
        200,
        json!({
            "score": assessment.score,
            "accepted": assessment.violations.is_empty(),
            "errors": violations_of("password", &assessment.violations),
        }),
    ))
}
