//! Going through all accounts, a page at a time, in the order of their creation.

use crate::flow::accounts::{AccountPointer, AccountWithCredential, find_by_id};
use crate::ports::{KeyValue, Outage};
use crate::store::keys::{self, AnyKey};
use crate::store::record;

/// The most accounts on a page.
pub const MAX_PAGE: i64 = 100;
/// How many places in the list are looked at for one page, at most: a page may hold less than was asked for, or nothing,
/// where many accounts were deleted.
const LOOKED_AT: i64 = 1_000;

/// A page of accounts.
#[derive(Debug)]
pub struct Page {
    /// The accounts.
    pub accounts: Vec<AccountWithCredential>,
    /// The number after which the next page begins; `None` if this was the last.
    pub next: Option<i64>,
}

/// At most `limit` accounts with a number above `after`. Deleted accounts leave gaps in the list, which are passed over.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn run(store: &impl KeyValue, after: i64, limit: i64) -> Result<Page, Outage> {
    let counter = keys::accounts();
    let count = if store.exists(&AnyKey::from(counter.clone())).await? {
        store.increment(&counter, 0).await?
    } else {
        0
    };
    let mut accounts = Vec::new();
    let mut seen = after.max(0);
    let end = seen.saturating_add(LOOKED_AT).min(count);
    while seen < end {
        let last = seen.saturating_add(limit).min(end);
        let numbers = seen.saturating_add(1)..=last;
        let found = futures::future::join_all(numbers.map(|number| find_at(store, number))).await;
        for account in found {
            if i64::try_from(accounts.len()).is_ok_and(|count| count >= limit) {
                return Ok(Page {
                    next: Some(seen),
                    accounts,
                });
            }
            seen = seen.saturating_add(1);
            accounts.extend(account?);
        }
    }
    Ok(Page {
        accounts,
        next: (end < count).then_some(end),
    })
}

async fn find_at(
    store: &impl KeyValue,
    number: i64,
) -> Result<Option<AccountWithCredential>, Outage> {
    let index: Option<AccountPointer> = record::find(store, &keys::account_at(number)).await?;
    let Some(AccountPointer { account_id }) = index else {
        return Ok(None);
    };
    let found = find_by_id(store, &account_id).await?;
    // An account created anew under an old id stands at its new place only.
    Ok(found.filter(|found| found.account.number == number))
}
