//! What happened to an account lately.

use crate::base::timestamp::Timestamp;
use crate::flow::passwords::sign_in::ACCOUNT_LIMIT;
use crate::model::account::Account;
use crate::model::keyring::Keyring;
use crate::model::recovery::attempts_day;
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::{limiter, recoveries, sign_in_locks, sign_ins};

/// What every account is shown with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Activity {
    /// When somebody last signed in, give or take a minute.
    pub last_sign_in_at: Option<Timestamp>,
    /// Until when sign-ins are refused, to some network at least.
    pub locked_until: Option<Timestamp>,
}

/// What failed. Neither is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// Wrong passwords in this hour.
    pub sign_ins: i64,
    /// Wrong codes on this day, in UTC.
    pub codes: i64,
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

/// What failed at `account` lately.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn count_failures<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    account: &Account,
) -> Result<Failures, Unavailable> {
    let subject = account.sign_in_subject();
    let (sign_ins, codes) = futures::join!(
        limiter::read_subject(cx, keyring, ACCOUNT_LIMIT, subject.as_bytes()),
        recoveries::read_attempts(cx.store(), &account.id, attempts_day(cx.now)),
    );
    Ok(Failures {
        sign_ins: sign_ins?,
        codes: codes?,
    })
}
