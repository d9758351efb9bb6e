//! When the user of an account last signed in. It has its own record, so that a sign-in does not change the account.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::id::AccountId;
use crate::ports::{KeyValue, Unavailable};
use crate::store::keys;
use crate::store::record;

/// A sign-in within this time of the last recorded one is not recorded: it would cost a write, and add little.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// The last correct sign-in of an account, to the minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The account's number: a new account under the same id has another.
    number: i64,
    /// The time of the sign-in.
    at: Timestamp,
}

impl SignIn {
    /// The record of a sign-in to `account` at `now`; `None` if `last` is recent enough.
    #[must_use]
    pub fn after(last: Option<Self>, account: &Account, now: Timestamp) -> Option<Self> {
        let is_noted = |last: Self| {
            last.number == account.number && last.at <= now && now < last.at.plus(NOTED_EVERY)
        };
        let sign_in = Self {
            number: account.number,
            at: now,
        };
        (!last.is_some_and(is_noted)).then_some(sign_in)
    }
}

/// The last sign-in recorded under the id. It takes the same call for an id without an account.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(store: &impl KeyValue, id: &AccountId) -> Result<Option<SignIn>, Unavailable> {
    record::find(store, &keys::signed_in(id)).await
}

/// When the user of `account` last signed in, give or take a minute.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_last(
    store: &impl KeyValue,
    account: &Account,
) -> Result<Option<Timestamp>, Unavailable> {
    let found = find(store, &account.id).await?;
    let own = found.filter(|it| it.number == account.number);
    Ok(own.map(|it| it.at))
}

/// Records a sign-in.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn note(
    store: &impl KeyValue,
    id: &AccountId,
    sign_in: &SignIn,
) -> Result<(), Unavailable> {
    let write = (keys::signed_in(id), record::encode(sign_in)?);
    store.set_many(vec![write]).await
}
