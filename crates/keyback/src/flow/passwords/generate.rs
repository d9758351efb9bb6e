//! A random password.

use crate::model::email_address::EmailAddress;
use crate::model::generated_password;
use crate::model::password::Password;
use crate::model::password_policy::PasswordPolicy;
use crate::ports::{Env, Unavailable};

/// A generated password that the policy accepts, with at least 99 random bits. It is extremely unlikely that the policy
/// refuses even the first one.
///
/// # Errors
/// [`Unavailable::Random`].
pub(in crate::flow) fn generate<E: Env>(
    env: &E,
    policy: &PasswordPolicy,
    email: &EmailAddress,
) -> Result<Password, Unavailable> {
    for _ in 0..8 {
        let password = generated_password::generate(policy.min_length, env.random())?;
        if policy.violations(&password, email).is_empty() {
            return Ok(password);
        }
    }
    Err(Unavailable::Random)
}
