//! Whether a new password may be set: by the rules, and by what is known of breaches.

use std::time::Duration;

use crate::model::base_url::BaseUrl;
use crate::model::breach::{BreachCheck, BreachQuery};
use crate::model::email_address::EmailAddress;
use crate::model::log_line::LogLine;
use crate::model::password::Password;
use crate::model::password_policy::PasswordViolation;
use crate::ports::{Env, HttpClient, Log, NoAnswer};
use crate::settings::PasswordRules;

/// How long somebody waits for the list of breached passwords, at most.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Checks `password` for the account with `email`: what came of the breach check, if there is one, or all reasons to
/// refuse. The list is asked only about a password that keeps all other rules; if it does not answer, that is noted and
/// no reason.
pub(in crate::flow) async fn check_password<E: Env>(
    env: &E,
    rules: &PasswordRules,
    password: &Password,
    email: &EmailAddress,
) -> Result<Option<BreachCheck>, Vec<PasswordViolation>> {
    let violations = rules.policy.violations(password, email);
    if !violations.is_empty() {
        return Err(violations);
    }
    let Some(list) = &rules.breach_list else {
        return Ok(None);
    };
    match is_breached(env, list, password).await {
        Ok(true) => Err(vec![PasswordViolation::Breached]),
        Ok(false) => Ok(Some(BreachCheck::Passed)),
        Err(reason) => {
            env.log().write(&LogLine::BreachListNotAsked { reason });
            Ok(Some(BreachCheck::Unavailable))
        }
    }
}

/// Asks the list; the error says in our words why it told nothing.
async fn is_breached<E: Env>(env: &E, list: &BaseUrl, password: &Password) -> Result<bool, String> {
    let query = BreachQuery::new(password);
    let request = ::http::Request::get(list.join(&format!("/range/{}", query.prefix())))
        // As many lines for each range: whoever sees the size of the answer learns no more.
        .header("add-padding", "true")
        .header("user-agent", concat!("keyback/", env!("CARGO_PKG_VERSION")))
        .body(Vec::new())
        .map_err(|_| "no request could be made".to_owned())?;
    let answer = env.http().send(request, TIMEOUT).await;
    let answer = answer.map_err(|why: NoAnswer| why.to_string())?;
    if answer.status() != 200 {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    std::str::from_utf8(answer.body())
        .ok()
        .and_then(|range| query.is_listed(range))
        .ok_or_else(|| "not a range of the list".to_owned())
}
