//! A recovery email whose due try was missed until its secret had expired, because the app was down or a clock was
//! wrong. Earlier tries may have failed. Its request is processed again, as if it had waited for its first email.

use crate::base::timestamp::Timestamp;
use crate::flow::recovery::forgot_password::Request;
use crate::model::email::{Email, MailSecret};
use crate::model::keyring::Keyring;
use crate::model::recovery::Use;
use crate::model::sealed::Sealed;
use crate::ports::{Env, Unavailable};
use crate::store::{accounts, recoveries};

/// The request of `email`, to be processed again. `None` if no due try was missed or a provider may have the email, if
/// its secret was used or cancelled, or if a newer challenge or a credential event has replaced it.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn request<E: Env>(
    env: &E,
    keyring: &Keyring,
    email: &Email,
    now: Timestamp,
) -> Result<Option<Sealed>, Unavailable> {
    let (Some(request), Some(MailSecret::Challenge { serial })) = (&email.request, &email.secret)
    else {
        return Ok(None);
    };
    if !email.was_missed(now) {
        return Ok(None);
    }
    let (account, recovery) = futures::join!(
        accounts::find(env.store(), &email.account_id),
        recoveries::find(env.store(), &email.account_id),
    );
    let (Some(account), Some(recovery)) = (account?, recovery?) else {
        return Ok(None);
    };
    let challenge = recovery
        .challenge
        .filter(|it| it.serial == *serial && it.epoch == account.epoch);
    if challenge.is_none() || recoveries::find_use(env, challenge.as_ref()).await? != Use::Unused {
        return Ok(None);
    }
    let Ok(request) = Request::open(keyring, request) else {
        // The request's key is gone.
        return Ok(None);
    };
    let renewed = Request {
        instead_of: Some(serial.clone()),
        ..request
    };
    renewed.seal(env, keyring).map(Some)
}
