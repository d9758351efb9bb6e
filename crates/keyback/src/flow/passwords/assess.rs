//! What the policy says about a password while it is being typed. None of it is stored.

use crate::flow::{Refusal, within};
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::password::Password;
use crate::model::password_policy::{Assessment, PasswordPolicy};
use crate::ports::Env;
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};

/// How many of these calls a client may make for each reset: a page makes one at each pause in typing.
const CALLS_PER_RESET: u32 = 10;

/// Whose calls are counted, and how many of them are accepted.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The client whose calls are counted.
    pub client: ClientAddress,
    /// Resets that a client may make. Ten times as many of these calls are accepted, with a count of their own.
    pub resets: Limit,
}

/// Assesses `password` for the account with `email`, if that is known. Never asks the list of breached passwords, which
/// would learn something about every prefix of the password.
///
/// # Errors
/// [`Refusal`] by the limit, or because the count could not be stored.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    policy: &PasswordPolicy,
    Caller { client, resets }: Caller,
    password: &Password,
    email: Option<&EmailAddress>,
) -> Result<Assessment, Refusal> {
    let named = NamedLimit {
        name: "password-policy-check",
        limit: resets.times(CALLS_PER_RESET),
    };
    let counted = limiter::count(cx, keyring, named, client).await?;
    within(counted.exceeded)?;
    Ok(policy.assess(password, email))
}
