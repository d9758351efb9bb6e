//! The changes that concern the directory, numbered in the order in which they began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::id::AccountId;
use crate::ports::{KeyValue, Unavailable};
use crate::store::keys::{self, Key};
use crate::store::{accounts, record};

/// Which account was changed. Its new terms are in its own record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) account_id: AccountId,
    /// Its number in the list of all accounts.
    pub(super) number: i64,
    /// Whether it is deleted, or about to be.
    #[serde(default)]
    pub(super) gone: bool,
}

/// The write that stores the change at the given place.
///
/// # Errors
/// [`Unavailable::Record`].
pub(in crate::store) fn write(
    place: i64,
    account_id: &AccountId,
    number: i64,
    gone: bool,
) -> Result<(Key, Vec<u8>), Unavailable> {
    let change = Change {
        account_id: account_id.clone(),
        number,
        gone,
    };
    Ok((keys::directory_change(place), record::encode(&change)?))
}

/// How many changes there have been.
///
/// # Errors
/// [`Unavailable::Store`].
pub(super) async fn count(store: &impl KeyValue) -> Result<i64, Unavailable> {
    // Unlike [`read_counter`](crate::store::read_counter), this takes one call; all stores with accounts have the counter.
    store.increment(&keys::directory_changes(), 0).await
}

/// The changes after `settled` up to `last`, by place; `None` for one that is not written.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn read(
    store: &impl KeyValue,
    settled: i64,
    last: i64,
) -> Result<Vec<(i64, Option<Change>)>, Unavailable> {
    let places = settled.saturating_add(1)..=last;
    let found = places.map(async |place| {
        let change = record::find(store, &keys::directory_change(place)).await?;
        Ok((place, change))
    });
    futures::future::join_all(found).await.into_iter().collect()
}

/// The accounts of `changes` by their numbers, as they are now; `None` for a deleted one.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn find_accounts(
    store: &impl KeyValue,
    changes: impl IntoIterator<Item = Change>,
) -> Result<BTreeMap<i64, Option<Account>>, Unavailable> {
    let mut ids: BTreeMap<i64, Option<AccountId>> = BTreeMap::new();
    for change in changes {
        // A deleted account never comes back.
        let id = ids.entry(change.number).or_insert(Some(change.account_id));
        id.take_if(|_| change.gone);
    }
    let found = ids.into_iter().map(async |(number, id)| {
        let account = match &id {
            Some(id) => accounts::find(store, id).await?,
            None => None,
        };
        Ok((number, account.filter(|account| account.number == number)))
    });
    futures::future::join_all(found).await.into_iter().collect()
}
