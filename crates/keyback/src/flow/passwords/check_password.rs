//! Whether a new password may be set: by the rules, and by what is known of breaches.

use crate::breach;
use crate::model::breach::BreachCheck;
use crate::model::email_address::EmailAddress;
use crate::model::log_line::LogLine;
use crate::model::password::Password;
use crate::model::password_policy::PasswordRules;
use crate::model::password_policy::PasswordViolation;
use crate::ports::{Env, Log};

/// Checks `password` for the account with `email`. Returns the result of the breach check, if there is one, or all
/// reasons to refuse. The list is asked only about a password that obeys all other rules. If it does not answer, that
/// is recorded and is no reason to refuse.
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
    match breach::is_breached(env, list, password).await {
        Ok(true) => Err(vec![PasswordViolation::Breached]),
        Ok(false) => Ok(Some(BreachCheck::Passed)),
        Err(reason) => {
            env.log().write(&LogLine::BreachListNotAsked { reason });
            Ok(Some(BreachCheck::Unavailable))
        }
    }
}
