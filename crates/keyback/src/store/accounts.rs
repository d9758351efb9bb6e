//! Accounts: by id, by address, and in the order of their creation.

use serde::{Deserialize, Serialize};

use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::password_hash::Slowness;
use crate::model::recovery::attempts_day;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::cx::Cx;
use crate::store::keys::{self, AnyKey};
use crate::store::lease::{Held, Lease};
use crate::store::record;

mod addresses;
mod legacy;
pub mod reservations;

pub use addresses::{
    Candidates, Folding, digests_of, find_among, find_by_email, find_candidates, find_owner,
    forget_spelling, is_free_for,
};

/// The version of an account's record since it has included the credential.
pub(super) const VERSION: u8 = 2;
/// The most places in the list that are read for one page. A page may therefore have fewer accounts than requested, or
/// none, where many accounts were deleted.
const LOOKED_AT: i64 = 1_000;

/// The value under the digest of an address, and in the list of all accounts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub(super) account_id: AccountId,
}

/// The account with this id.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(store: &impl KeyValue, id: &AccountId) -> Result<Option<Account>, Unavailable> {
    let Some(bytes) = store.get(&keys::account(id)).await? else {
        return Ok(None);
    };
    let (version, account) = record::decode_up_to::<Account>(VERSION, &bytes)?;
    let mut account = if version == VERSION {
        account
    } else {
        legacy::complete(store, account).await?
    };
    account.listed = Some(account.listing());
    Ok(Some(account))
}

/// Whether `id` never had an event, and so was never an account's.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn is_unused(store: &impl KeyValue, id: &AccountId) -> Result<bool, Unavailable> {
    let has_events = store.exists(&keys::events(id).into()).await?;
    Ok(!has_events)
}

/// The slowest hash from another system that any account was imported with.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn slowest_foreign_hash(store: &impl KeyValue) -> Result<Option<Slowness>, Unavailable> {
    let look = async |slowness| {
        let is_there = store.exists(&keys::foreign_hashes(slowness).into()).await?;
        Ok(is_there.then_some(slowness))
    };
    let found = futures::future::try_join_all(Slowness::ALL.map(look)).await?;
    Ok(found.into_iter().flatten().max())
}

/// The exclusive right to change the account `id`, until after the response.
///
/// # Errors
/// [`Unavailable::Store`], also if others hold it for too long.
pub async fn lease<E: Env>(cx: &mut Cx<'_, E>, id: &AccountId) -> Result<Held, Unavailable> {
    Lease::wait(cx, &lease_name(id)).await
}

/// The name of the lease under which an account is changed.
#[must_use]
pub fn lease_name(id: &AccountId) -> String {
    format!("account.{}", keys::account_name(id))
}

/// The name of the lease under which an address is given to an account.
#[must_use]
pub fn address_lease_name(email: &EmailAddress) -> String {
    address_lease_of(&email.digest())
}

/// As [`address_lease_name`], by the digest of the address.
#[must_use]
pub fn address_lease_of(digest: &str) -> String {
    format!("address.{digest}")
}

/// Deletes `account` with all records that it needs to work, unless its id belongs to another account by now. To be
/// called under its lease.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn erase<E: Env>(
    env: &E,
    id: &AccountId,
    number: i64,
    held: Held,
) -> Result<(), Unavailable> {
    let store = env.store();
    let found = find(store, id).await?;
    let Some(account) = found.filter(|account| account.number == number) else {
        return Ok(());
    };
    let mut gone = vec![
        keys::account(id).into(),
        keys::account_at(number).into(),
        keys::recovery(id).into(),
        keys::signed_in(id).into(),
        // It also counts claims to issue. Without the recovery, those would look like callers that are still at work,
        // and a new account with this id would wait for them.
        keys::attempts(id, attempts_day(env.clock().now())).into(),
    ];
    gone.extend(addresses::find_own_keys(store, &account).await?);
    gone.extend(legacy::keys_of(id));
    held.check(env.clock().now())?;
    store.delete_many(gone).await
}

/// The separate records of an account that was read from the previous layout. The account's own record replaces them.
pub(super) fn legacy_keys(account: &Account) -> Option<[AnyKey; 4]> {
    account.is_legacy.then(|| legacy::keys_of(&account.id))
}

/// Deletes the event counter of a deleted account, unless its id is in use again. To be called under its lease.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn forget<E: Env>(env: &E, id: &AccountId, held: Held) -> Result<(), Unavailable> {
    let store = env.store();
    if find(store, id).await?.is_some() {
        return Ok(());
    }
    let mut gone = vec![
        keys::events(id).into(),
        keys::event_chain(id).into(),
        // Noted after the response, and so after a deletion in between.
        keys::signed_in(id).into(),
    ];
    gone.extend(legacy::keys_of(id));
    held.check(env.clock().now())?;
    store.delete_many(gone).await
}

/// Deletes the index under the digest of an address, unless the account that it points to has the address.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn forget_address<E: Env>(env: &E, digest: &str, held: Held) -> Result<(), Unavailable> {
    let store = env.store();
    let key = keys::address(digest);
    let pointer: Option<Pointer> = record::find(store, &key).await?;
    let Some(Pointer { account_id }) = pointer else {
        return Ok(());
    };
    let account = find(store, &account_id).await?;
    let has_it = |account: Account| digests_of(&account.email).any(|its| its == digest);
    if account.is_some_and(has_it) {
        return Ok(());
    }
    held.check(env.clock().now())?;
    store.delete_many(vec![key.into()]).await
}

/// A page of accounts.
#[derive(Debug)]
pub struct Page {
    /// By their numbers, in the direction of the page.
    pub accounts: Vec<Account>,
    /// The number from which the next page continues; `None` if this was the last.
    pub next: Option<i64>,
}

/// At most `limit` accounts with a number above `after`. Gaps in the list, left by deleted accounts, are skipped.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn page(store: &impl KeyValue, after: i64, limit: usize) -> Result<Page, Unavailable> {
    page_from(store, after, false, limit).await
}

/// At most `limit` accounts, those with the numbers closest above or below `bound`.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn page_from(
    store: &impl KeyValue,
    bound: i64,
    descends: bool,
    limit: usize,
) -> Result<Page, Unavailable> {
    let count = last_number(store).await?;
    let numbers: Vec<i64> = if descends {
        let newest = bound.saturating_sub(1).min(count);
        let oldest = newest.saturating_sub(LOOKED_AT).max(0);
        (oldest.saturating_add(1)..=newest).rev().collect()
    } else {
        let after = bound.max(0);
        let newest = after.saturating_add(LOOKED_AT).min(count);
        (after.saturating_add(1)..=newest).collect()
    };
    let ends = if descends { 1 } else { count };
    let mut accounts = Vec::new();
    let mut seen = None;
    for chunk in numbers.chunks(limit.max(1)) {
        let found = chunk.iter().map(|number| find_at(store, *number));
        let found = futures::future::join_all(found).await;
        for (number, account) in chunk.iter().zip(found) {
            if accounts.len() >= limit {
                return Ok(Page {
                    accounts,
                    next: seen,
                });
            }
            seen = Some(*number);
            accounts.extend(account?);
        }
    }
    Ok(Page {
        accounts,
        next: seen.filter(|seen| *seen != ends),
    })
}

/// How many accounts were ever created: the number of the newest.
///
/// # Errors
/// [`Unavailable::Store`].
pub async fn last_number(store: &impl KeyValue) -> Result<i64, Unavailable> {
    super::read_counter(store, &keys::accounts()).await
}

/// The accounts with the numbers `from` to `to`, each with its own result: one that cannot be read does not hide the
/// others. `None` for a deleted one.
pub async fn range(
    store: &impl KeyValue,
    from: i64,
    to: i64,
) -> Vec<(i64, Result<Option<Account>, Unavailable>)> {
    let found = (from..=to).map(async |number| (number, find_at(store, number).await));
    futures::future::join_all(found).await
}

pub(super) async fn find_at(
    store: &impl KeyValue,
    number: i64,
) -> Result<Option<Account>, Unavailable> {
    let pointer: Option<Pointer> = record::find(store, &keys::account_at(number)).await?;
    let Some(Pointer { account_id }) = pointer else {
        return Ok(None);
    };
    let found = find(store, &account_id).await?;
    // A new account under an old id is found at its new place only.
    Ok(found.filter(|account| account.number == number))
}
