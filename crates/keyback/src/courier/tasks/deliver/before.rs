//! What decides before a try: whether it is the next one, and whether the email's secret still works.

use crate::base::timestamp::Timestamp;
use crate::model::email::{Email, EmailFeedback, EmailState, MailSecret};
use crate::model::sealed::Sealed;
use crate::ports::{Env, Unavailable};
use crate::store::outbox::EmailWithFeedback;
use crate::store::{accounts, recoveries};

/// The email, its sealed text and the provider's feedback, if try number `attempt` has not been made yet.
pub(super) fn open_try(
    found: EmailWithFeedback,
    attempt: u32,
) -> Option<(Email, Sealed, Option<EmailFeedback>)> {
    let EmailWithFeedback {
        email, feedback, ..
    } = found;
    let is_next = email.attempts.saturating_add(1) == attempt;
    let is_open = is_next && email.state == EmailState::Pending;
    let sealed = email.message.clone().filter(|_| is_open)?;
    Some((email, sealed, feedback))
}

/// Whether a newer secret or a credential event has invalidated this one, or `to` is no longer the address.
pub(super) async fn is_dead<E: Env>(
    env: &E,
    email: &Email,
    to: Option<&str>,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let (Some(secret), Some(to)) = (&email.secret, to) else {
        return Ok(false);
    };
    let (account, recovery) = futures::join!(
        accounts::find(env.store(), &email.account_id),
        recoveries::find(env.store(), &email.account_id),
    );
    let recovery = recovery?.unwrap_or_default();
    let Some(account) = account? else {
        return Ok(true);
    };
    let is_alive = match secret {
        MailSecret::Challenge { serial } => recovery
            .live(account.epoch, now)
            .is_some_and(|challenge| challenge.serial == *serial),
        // Requiring a change raises the account's epoch, but leaves the password valid.
        MailSecret::Password { epoch } => account
            .credential
            .as_ref()
            .is_some_and(|credential| credential.epoch == *epoch),
    };
    Ok(!is_alive || account.email.as_str() != to)
}
