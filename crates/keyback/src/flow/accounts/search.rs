//! Searching accounts, for administrators.

use std::collections::BTreeSet;

use crate::model::account::Account;
use crate::model::keyring::Keyring;
use crate::model::listing::{Beginning, StateFilter};
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::directory::{self, Order, Place, SearchPage, SearchQuery};
use crate::store::sign_in_locks;

/// What to search for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// How the address, its domain or the id begins.
    pub beginning: Beginning,
    /// Which states match.
    pub filter: StateFilter,
    /// Whether sign-ins are refused, from at least one network; `None` for either.
    pub locked: Option<bool>,
}

/// A page of at most `limit` accounts: those next to `place`, in the given order.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn run<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    query: Query,
    sorting: Order,
    place: Place,
    limit: usize,
) -> Result<SearchPage, Unavailable> {
    let mut sought = SearchQuery {
        beginning: query.beginning,
        filter: query.filter,
        excluded: BTreeSet::new(),
    };
    let Some(locked) = query.locked else {
        return directory::search(cx.store(), &sought, sorting, place, limit).await;
    };
    let mut accounts = sign_in_locks::find_locked(cx.store(), keyring, cx.now).await?;
    if locked {
        accounts.retain(|it| sought.accepts(it.number, &it.listing()));
        return Ok(page_of(accounts, sorting, place, limit));
    }
    sought.excluded = accounts.iter().map(|it| it.number).collect();
    directory::search(cx.store(), &sought, sorting, place, limit).await
}

/// Builds a page when all accounts are in memory.
fn page_of(mut accounts: Vec<Account>, sorting: Order, place: Place, limit: usize) -> SearchPage {
    accounts.sort_by_key(|account| account.number);
    let total = accounts.len();
    let (start, end) = match (place, sorting) {
        (Place::Start, Order::Oldest) => (0, limit),
        (Place::Start, Order::Newest) => (total.saturating_sub(limit), total),
        (Place::OlderThan(number), _) => {
            let end = accounts.partition_point(|it| it.number < number);
            (end.saturating_sub(limit), end)
        }
        (Place::NewerThan(number), _) => {
            let start = accounts.partition_point(|it| it.number <= number);
            (start, start.saturating_add(limit))
        }
    };
    let end = end.min(total);
    let mut page: Vec<_> = accounts.into_iter().take(end).skip(start).collect();
    let oldest = page.first().filter(|_| start > 0);
    let newest = page.last().filter(|_| end < total);
    let older = oldest.map(|it| Place::OlderThan(it.number));
    let newer = newest.map(|it| Place::NewerThan(it.number));
    let (next, previous) = match sorting {
        Order::Newest => (older, newer),
        Order::Oldest => (newer, older),
    };
    if sorting == Order::Newest {
        page.reverse();
    }
    SearchPage {
        accounts: page,
        total: Some(total),
        is_complete: true,
        next,
        previous,
    }
}
