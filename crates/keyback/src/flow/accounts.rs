//! Finding accounts.

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::credential::{ChangeOrder, Credential};
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::timestamp::Timestamp;
use crate::ports::{Env, KeyValue, Outage};
use crate::store::lease::Lease;
use crate::store::{keys, record};

/// What stands under the digest of an address and in the list of all accounts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccountPointer {
    pub(super) account_id: AccountId,
}

/// An account with its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountWithCredential {
    /// The account.
    pub account: Account,
    /// Its password, if it has one.
    pub credential: Option<Credential>,
    /// The latest word on whether it must be changed.
    pub order: Option<ChangeOrder>,
}

impl AccountWithCredential {
    /// The current credential epoch: the latest of those at which the account, its credential and an order to change it
    /// were written. Every credential event draws a new number from the account's counter and writes it into one of
    /// them.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        let credential = self
            .credential
            .as_ref()
            .map_or(0, |credential| credential.epoch);
        let order = self.valid_order().map_or(0, |order| order.epoch);
        self.account.epoch.max(credential).max(order)
    }

    /// Whether the password must be changed at the next sign-in.
    #[must_use]
    pub fn must_change(&self) -> bool {
        self.valid_order().map_or_else(
            || {
                self.credential
                    .as_ref()
                    .is_some_and(|credential| credential.must_change)
            },
            |order| order.required,
        )
    }

    fn valid_order(&self) -> Option<&ChangeOrder> {
        let credential = self.credential.as_ref()?;
        self.order
            .as_ref()
            .filter(|order| order.about == credential.epoch)
    }
}

/// The account with this id.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find_by_id(
    store: &impl KeyValue,
    id: &AccountId,
) -> Result<Option<AccountWithCredential>, Outage> {
    let keys = (
        keys::account(id),
        keys::credential(id),
        keys::change_order(id),
    );
    let (account, credential, order) = futures::join!(
        record::find(store, &keys.0),
        record::find(store, &keys.1),
        record::find(store, &keys.2),
    );
    let (credential, order) = (credential?, order?);
    Ok(account?.map(|account: Account| AccountWithCredential {
        credential: credential
            .filter(|credential: &Credential| credential.account_number == account.number),
        account,
        order,
    }))
}

/// The account with this address. An address that nobody has takes the same calls to the store.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find_by_email(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<Option<AccountWithCredential>, Outage> {
    let id = find_id(store, email).await?;
    let found = find_by_id(store, &id).await?;
    // The account itself has the last word about its address.
    Ok(found.filter(|found| found.account.email == *email))
}

/// The id that stands under this address, or one that nobody has. The account itself has the last word about it.
pub(super) async fn find_id(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<AccountId, Outage> {
    let index: Option<AccountPointer> = record::find(store, &keys::email(&email.digest())).await?;
    Ok(index.map_or_else(AccountId::nobodys, |index| index.account_id))
}

/// Draws the account's next credential epoch.
pub(super) async fn next_epoch(store: &impl KeyValue, account: &Account) -> Result<u64, Outage> {
    let count = store.increment(&keys::epoch(&account.id), 1).await?;
    Ok(account.epoch_after(count))
}

/// The credential epoch of an account created at `now`. Whoever had this id before left the counter of their epochs
/// behind, and the new account's go on from there: theirs may have run ahead of the clock.
pub(super) async fn first_epoch(
    store: &impl KeyValue,
    id: &AccountId,
    now: Timestamp,
) -> Result<u64, Outage> {
    let counter = keys::epoch(id);
    let count = if store.exists(&counter.clone().into()).await? {
        store.increment(&counter, 1).await?
    } else {
        0
    };
    Ok(Account::epoch_at(now, count))
}

/// Creates, changes or deletes accounts, one caller at a time: such calls are rare, and what they write (records, index,
/// list) must fit together. Passwords are not written so.
pub(super) async fn alone<E: Env, T, F: From<Outage>>(
    env: &E,
    work: impl Future<Output = Result<T, F>>,
) -> Result<T, F> {
    Lease::hold(env, "accounts", work).await
}

/// Whether nobody has `email`. An index whose account is gone or has moved on does not count.
pub(super) async fn is_free(store: &impl KeyValue, email: &EmailAddress) -> Result<bool, Outage> {
    let index: Option<AccountPointer> = record::find(store, &keys::email(&email.digest())).await?;
    let Some(AccountPointer { account_id }) = index else {
        return Ok(true);
    };
    let account: Option<Account> = record::find(store, &keys::account(&account_id)).await?;
    Ok(account.is_none_or(|account| account.email != *email))
}
