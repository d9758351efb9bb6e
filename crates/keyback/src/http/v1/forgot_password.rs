//! `POST /v1/forgot-password`

use serde::Serialize;

use crate::flow::recovery::forgot_password::{self, Limits};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::email_address::EmailAddress;
use crate::model::locale::Locale;
use crate::ports::Env;
use crate::settings::ForgotPassword;
use crate::store::cx::Cx;

/// The answer to a recovery request, whether or not an account exists.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct RecoveryAccepted {
    /// ID of the request. A code works with the ID of any request for its account.
    challenge_id: String,
    /// The number of digits in a code.
    code_length: u32,
    /// Seconds until the code expires.
    code_expires_in: u64,
    /// Seconds until the link expires.
    link_expires_in: u64,
    /// Seconds until another email can be requested.
    resend_after: u64,
}

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
    Ok(Answer::of(202, &body))
}

/// Accepts a request that `read` parses, and returns the answer.
pub(in crate::http) async fn take<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ForgotPassword,
    read: impl FnOnce(&Request) -> Result<(EmailAddress, Option<Locale>), Problem>,
) -> Result<RecoveryAccepted, Problem> {
    let (email, locale) = read(request)?;
    let limits = Limits {
        client: settings.client_limit.0,
        app: settings.app_limit.0,
    };
    let client = request.client(&settings.trust);
    let challenge_id =
        forgot_password::accept(cx, &settings.keyring, limits, email, locale, client).await?;
    Ok(RecoveryAccepted {
        challenge_id: challenge_id.as_str().to_owned(),
        code_length: settings.challenge.code_length.digits(),
        code_expires_in: settings.challenge.code.as_secs(),
        link_expires_in: settings.challenge.link.as_secs(),
        resend_after: settings.issue.cooldown.as_secs(),
    })
}
