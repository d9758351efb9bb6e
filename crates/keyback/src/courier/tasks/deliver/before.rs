//! What decides before a try: whether it is the next one, and whether the email's secret still works.

use crate::base::timestamp::Timestamp;
use crate::flow::emails::secrets;
use crate::model::email::{Email, EmailFeedback, EmailState};
use crate::model::sealed::Sealed;
use crate::ports::{Env, Unavailable};
use crate::store::outbox::EmailWithFeedback;

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
    let owner = secrets::find_owner(env.store(), email, secret, now).await?;
    Ok(owner.is_none_or(|account| account.email.as_str() != to))
}
