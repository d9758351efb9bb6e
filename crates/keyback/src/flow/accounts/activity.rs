//! Recent activity of an account.

use crate::base::timestamp::Timestamp;
use crate::flow::passwords::authenticate::ACCOUNT_LIMIT;
use crate::model::account::Account;
use crate::model::keyring::Keyring;
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::{limiter, sign_in_locks, sign_ins};

/// Activity that is shown with every account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// When somebody last signed in, give or take a minute.
    pub last_sign_in_at: Option<Timestamp>,
    /// When sign-ins are accepted again, from the networks that are refused now.
    pub locked_until: Option<Timestamp>,
}

/// The activity of `account`, in one round trip.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    account: &Account,
) -> Result<Activity, Unavailable> {
    let subject = account.sign_in_subject();
    let (last, lock) = futures::join!(
        sign_ins::find_last(cx.store(), account),
        sign_in_locks::find(cx.store(), keyring, &subject, cx.now),
    );
    Ok(Activity {
        last_sign_in_at: last?,
        locked_until: lock?.map(|lock| lock.until),
    })
}

/// Counts the wrong passwords that were given for `account` in this hour.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn count_failed_sign_ins<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    account: &Account,
) -> Result<i64, Unavailable> {
    let subject = account.sign_in_subject();
    limiter::read_subject(cx, keyring, ACCOUNT_LIMIT, subject.as_bytes()).await
}
