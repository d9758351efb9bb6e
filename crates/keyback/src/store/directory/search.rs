//! Searching the directory.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::account::Account;
use crate::model::listing::{Beginning, Listing, StateFilter};
use crate::ports::{KeyValue, Unavailable};
use crate::store::accounts;
use crate::store::directory::numbers::From;
use crate::store::directory::pages::Pages;
use crate::store::directory::tree::Matches;
use crate::store::directory::{State, changes};

/// How many changes that are not yet in the tree a search takes into account. The courier applies them once a minute.
const MOST_CHANGES: i64 = 1_000;
/// How often a search starts again if changes are applied meanwhile.
const TRIES: u32 = 3;

/// The conditions of a search.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// The beginning of a term.
    pub beginning: Beginning,
    /// Which states match.
    pub filter: StateFilter,
    /// Accounts that do not match, such as locked ones, by number.
    pub excluded: BTreeSet<i64>,
}

impl SearchQuery {
    /// Whether the account matches.
    #[must_use]
    pub fn accepts(&self, number: i64, listing: &Listing) -> bool {
        !self.excluded.contains(&number)
            && self.filter.accepts(listing.state)
            && listing.begins_with(&self.beginning)
    }

    /// Whether every account matches.
    fn is_all(&self) -> bool {
        self.beginning.is_empty() && self.filter == StateFilter::default()
    }
}

/// The order of accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By creation, newest first.
    #[default]
    Newest,
    /// By creation, oldest first.
    Oldest,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the first account.
    Start,
    /// With the accounts older than this number.
    OlderThan(i64),
    /// With the accounts newer than this number.
    NewerThan(i64),
}

/// A page of accounts.
#[derive(Debug)]
pub struct SearchPage {
    /// In the requested order.
    pub accounts: Vec<Account>,
    /// How many match in all; `None` while the directory is too far behind to say.
    pub total: Option<usize>,
    /// False if matching accounts may be missing because the directory is too far behind.
    pub is_complete: bool,
    /// Where the next page begins.
    pub next: Option<Place>,
    /// Where the previous page begins.
    pub previous: Option<Place>,
}

/// A page of at most `limit` accounts: those next to `place`, in the given order.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn search(
    store: &impl KeyValue,
    sought: &SearchQuery,
    sorting: Order,
    place: Place,
    limit: usize,
) -> Result<SearchPage, Unavailable> {
    let mut tries = TRIES;
    loop {
        tries = tries.saturating_sub(1);
        let state = State::load(store).await?;
        let found = search_by(store, &state, sought, sorting, place, limit).await?;
        if tries == 0 || State::load(store).await? == state {
            return Ok(found);
        }
    }
}

/// The directory as a search sees it: the tree, and the changes since.
struct View<'s, S> {
    store: &'s S,
    pages: Pages<'s, S>,
    matches: Matches,
    /// All changed accounts, as they are now.
    changed: BTreeMap<i64, Option<Account>>,
    /// The changed accounts that match.
    added: Vec<i64>,
    total: usize,
}

async fn search_by(
    store: &impl KeyValue,
    state: &State,
    sought: &SearchQuery,
    sorting: Order,
    place: Place,
    limit: usize,
) -> Result<SearchPage, Unavailable> {
    let head = changes::count(store).await?;
    let is_complete = state.is_built() && head.saturating_sub(state.changes) <= MOST_CHANGES;
    if !is_complete && sought.is_all() {
        return list(store, sorting, place, limit).await;
    }
    let view = View::open(store, state, head, sought).await?;
    let mut found = view.page(sought, sorting, place, limit).await?;
    found.is_complete = is_complete;
    found.total = found.total.filter(|_| is_complete);
    Ok(found)
}

impl<'s, S: KeyValue> View<'s, S> {
    async fn open(
        store: &'s S,
        state: &State,
        head: i64,
        sought: &SearchQuery,
    ) -> Result<Self, Unavailable> {
        let mut pages = Pages::new(store, state.next_id);
        let matches = Matches::find(&mut pages, sought.beginning.as_str(), sought.filter).await?;
        let settled = state.changes.max(head.saturating_sub(MOST_CHANGES));
        let read = changes::read(store, settled, head).await?;
        let written = read.into_iter().filter_map(|(_, change)| change);
        let changed = changes::find_accounts(store, written).await?;
        let mut total = matches.count();
        // The tree's entries for changed or excluded accounts do not count.
        let is_in_tree = |listing: Listing| {
            sought.filter.accepts(listing.state) && listing.begins_with(&sought.beginning)
        };
        let corrected: BTreeSet<_> = changed.keys().chain(&sought.excluded).collect();
        for number in corrected {
            let listed = pages.listing(*number).await?;
            if listed.is_some_and(is_in_tree) {
                total = total.saturating_sub(1);
            }
        }
        let is_added = |(number, account): (&i64, &Option<Account>)| {
            let listing = account.as_ref()?.listing();
            sought.accepts(*number, &listing).then_some(*number)
        };
        let added: Vec<i64> = changed.iter().filter_map(is_added).collect();
        Ok(Self {
            store,
            pages,
            matches,
            total: total.saturating_add(added.len()),
            changed,
            added,
        })
    }

    /// The numbers of the first `count` matches, walking `from`, in that order.
    async fn take(
        &mut self,
        sought: &SearchQuery,
        from: From,
        count: usize,
    ) -> Result<Vec<i64>, Unavailable> {
        let is_out =
            |number: &i64| self.changed.contains_key(number) || sought.excluded.contains(number);
        let most = count
            .saturating_add(self.changed.len())
            .saturating_add(sought.excluded.len());
        let mut taken = self.matches.take(&mut self.pages, from, most).await?;
        taken.retain(|number| !is_out(number));
        taken.extend(self.added.iter().filter(|number| from.reaches(**number)));
        from.sort(&mut taken);
        taken.truncate(count);
        Ok(taken)
    }

    async fn page(
        mut self,
        sought: &SearchQuery,
        sorting: Order,
        place: Place,
        limit: usize,
    ) -> Result<SearchPage, Unavailable> {
        let from = from(sorting, place);
        let mut numbers = self.take(sought, from, limit.saturating_add(1)).await?;
        let goes_on = numbers.len() > limit;
        numbers.truncate(limit);
        let other_side = match from {
            // No account of this page is on that side of its starting point.
            From::Below(bound) => From::Above(bound.saturating_sub(1)),
            From::Above(bound) => From::Below(bound.saturating_add(1)),
        };
        let came_from =
            place != Place::Start && !self.take(sought, other_side, 1).await?.is_empty();
        let accounts = numbers
            .iter()
            .map(async |number| match self.changed.get(number) {
                Some(account) => Ok(account.clone()),
                None => accounts::find_at(self.store, *number).await,
            });
        let accounts: Result<Vec<_>, Unavailable> = futures::future::join_all(accounts)
            .await
            .into_iter()
            .collect();
        let mut accounts: Vec<Account> = accounts?.into_iter().flatten().collect();
        sort(&mut accounts, sorting);
        let (older, newer) = match from {
            From::Below(_) => (goes_on, came_from),
            From::Above(_) => (came_from, goes_on),
        };
        let oldest = numbers.iter().min().copied();
        let newest = numbers.iter().max().copied();
        let older = oldest.filter(|_| older).map(Place::OlderThan);
        let newer = newest.filter(|_| newer).map(Place::NewerThan);
        let (next, previous) = match sorting {
            Order::Newest => (older, newer),
            Order::Oldest => (newer, older),
        };
        Ok(SearchPage {
            accounts,
            total: Some(self.total),
            is_complete: true,
            next,
            previous,
        })
    }
}

/// The walk over the matches next to `place`.
const fn from(sorting: Order, place: Place) -> From {
    match (place, sorting) {
        (Place::Start, Order::Newest) => From::Below(i64::MAX),
        (Place::Start, Order::Oldest) => From::Above(0),
        (Place::OlderThan(number), _) => From::Below(number),
        (Place::NewerThan(number), _) => From::Above(number),
    }
}

fn sort(accounts: &mut [Account], sorting: Order) {
    accounts.sort_by_key(|account| account.number);
    if sorting == Order::Newest {
        accounts.reverse();
    }
}

/// A page of all accounts, from the list of accounts alone.
async fn list(
    store: &impl KeyValue,
    sorting: Order,
    place: Place,
    limit: usize,
) -> Result<SearchPage, Unavailable> {
    let (bound, descends) = match from(sorting, place) {
        From::Below(bound) => (bound, true),
        From::Above(bound) => (bound, false),
    };
    let page = accounts::page_from(store, bound, descends, limit).await?;
    let oldest = page.accounts.iter().map(|account| account.number).min();
    let newest = page.accounts.iter().map(|account| account.number).max();
    let (older, newer) = if descends {
        (
            page.next.map(Place::OlderThan),
            newest.map(Place::NewerThan),
        )
    } else {
        (
            oldest.map(Place::OlderThan),
            page.next.map(Place::NewerThan),
        )
    };
    let came_from = |it: Option<Place>| it.filter(|_| place != Place::Start);
    let (next, previous) = match (sorting, descends) {
        (Order::Newest, true) => (older, came_from(newer)),
        (Order::Newest, false) => (came_from(older), newer),
        (Order::Oldest, false) => (newer, came_from(older)),
        (Order::Oldest, true) => (came_from(newer), older),
    };
    let mut accounts = page.accounts;
    sort(&mut accounts, sorting);
    Ok(SearchPage {
        accounts,
        total: None,
        is_complete: true,
        next,
        previous,
    })
}
