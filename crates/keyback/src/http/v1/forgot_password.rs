//! `POST /v1/forgot-password`

use serde_json::{Value, json};

use crate::flow::recovery::forgot_password::{self, Limits};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::email_address::EmailAddress;
use crate::model::locale::Locale;
use crate::ports::Env;
use crate::settings::ForgotPassword;
use crate::store::cx::Cx;

/// Accepts a recovery request. The answer is the same whether or not an account exists.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ForgotPassword,
) -> Result<Answer, Problem> {
    let read = |request: &Request| {
        request.members(|fields| {
            let email = fields.text("email", EmailAddress::parse);
            let locale = fields.locale();
            Some((email?, locale?))
        })
    };
    let body = take(cx, request, settings, read).await?;
    Ok(Answer::json(202, body))
}

/// Accepts a request that `read` parses, and returns the body of the JSON answer.
pub(in crate::http) async fn take<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ForgotPassword,
    read: impl FnOnce(&Request) -> Result<(EmailAddress, Option<Locale>), Problem>,
) -> Result<Value, Problem> {
    let (email, locale) = read(request)?;
    let limits = Limits {
        client: settings.client_limit.0,
        app: settings.app_limit.0,
    };
    let client = request.client(&settings.trust);
    let challenge_id =
        forgot_password::accept(cx, &settings.keyring, limits, email, locale, client).await?;
    Ok(json!({
        "challenge_id": challenge_id.as_str(),
        "code_length": settings.challenge.code_length.digits(),
        "code_expires_in": settings.challenge.code.as_secs(),
        "link_expires_in": settings.challenge.link.as_secs(),
        "resend_after": settings.issue.cooldown.as_secs(),
    }))
}
