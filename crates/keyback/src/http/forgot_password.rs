//! `POST /v1/forgot-password`

use serde_json::{Value, json};

use crate::flow::recovery::forgot_password::{self, Limits};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::client_address::ProxyTrust;
use crate::model::email_address::EmailAddress;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::recovery::IssueRules;
use crate::ports::Env;
use crate::settings::{
    self, AppForgotLimit, ChallengeSettings, ForgotLimit, MailBranding, Outgoing,
};
use crate::store::cx::Cx;

/// Accepts a recovery request. The answer is the same whether or not an account exists.
pub async fn post<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    answer(cx, request).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    let read = |request: &Request| {
        request.members(|fields| {
            let email = fields.text("email", EmailAddress::parse);
            let locale = fields.optional_text("locale", Locale::parse);
            Some((email?, locale?))
        })
    };
    let body = take(cx, request, read).await?;
    Ok(Answer::json(202, body))
}

/// Accepts a request that `read` parses, and returns the body of the JSON answer.
pub(super) async fn take<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    read: impl FnOnce(&Request) -> Result<(EmailAddress, Option<Locale>), Problem>,
) -> Result<Value, Problem> {
    type Needed = (Keyring, ProxyTrust, ChallengeSettings, IssueRules);
    let (keyring, trust, lifetimes, rules) = settings::load::<Needed>(cx.env.variables()).await?;
    // The mail's settings are checked before the request is accepted: no 202 for a mail that cannot be written.
    let (client, app, ..) =
        settings::load::<(ForgotLimit, AppForgotLimit, MailBranding, Outgoing)>(cx.env.variables())
            .await?;
    let (email, locale) = read(request)?;
    let limits = Limits {
        client: client.0,
        app: app.0,
    };
    let client = request.client(&trust);
    let challenge_id = forgot_password::accept(cx, &keyring, limits, email, locale, client).await?;
    Ok(json!({
        "challenge_id": challenge_id.as_str(),
        "code_expires_in": lifetimes.code.as_secs(),
        "link_expires_in": lifetimes.link.as_secs(),
        "resend_after": rules.cooldown.as_secs(),
    }))
}
