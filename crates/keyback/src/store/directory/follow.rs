//! Applies changes to the tree.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::listing::Listing;
use crate::ports::{Clock, Env, KeyValue, PAUSE, Unavailable};
use crate::store::accounts;
use crate::store::directory::pages::{Finished, Pages};
use crate::store::directory::{Missing, State, changes, tree};
use crate::store::keys::{self, AnyKey};
use crate::store::lease::{Lease, Term};

/// How many accounts are applied with one write.
pub(super) const STEP: i64 = 256;
/// A change whose number was drawn is written within this time, or never: a lease on an account is over by then.
const WRITTEN_WITHIN: Duration = Duration::from_mins(2);
/// A step takes less than this.
const STEP_TIME: Duration = Duration::from_secs(10);

/// The lease under which the directory is changed.
const LEASE: &str = "directory";

/// Applies changes, a step at a time, until none is left or `is_over`. Does nothing if another holds the lease. Without
/// changes, it costs two reads.
///
/// # Errors
/// [`Unavailable`] of the store. The next run continues from there.
pub async fn run<E: Env>(env: &E, is_over: &impl Fn() -> bool) -> Result<(), Unavailable> {
    let store = env.store();
    let (state, count) = futures::join!(State::load(store), changes::count(store));
    if !has_work(&state?, count?) {
        return Ok(());
    }
    let lease = Lease::acquire(store, LEASE, Term::Work, env.clock().now()).await?;
    let Some(lease) = lease else {
        return Ok(());
    };
    let worked = work(env, lease.until(), is_over).await;
    Lease::release_all(store, vec![lease], env.clock().now()).await;
    worked
}

fn has_work(state: &State, count: i64) -> bool {
    !state.is_built() || state.changes < count || !spent_by(state).is_empty()
}

async fn work<E: Env>(
    env: &E,
    until: Timestamp,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
    let store = env.store();
    loop {
        let state = State::load(store).await?;
        let count = changes::count(store).await?;
        if !has_work(&state, count) || is_over() {
            return Ok(());
        }
        if !step(env, state, count, until).await? {
            return Ok(());
        }
        env.clock().sleep(PAUSE).await;
    }
}

/// The records that are no longer needed.
fn spent_by(state: &State) -> Vec<AnyKey> {
    // A step applies no more than this many. A record that says otherwise is damaged.
    let cleaned = state.cleaned.max(state.changes.saturating_sub(STEP));
    let changes = cleaned.saturating_add(1)..=state.changes;
    let changes = changes.map(|place| keys::directory_change(place).into());
    let records = state.spent.iter().cloned().filter_map(AnyKey::noted);
    changes.chain(records).collect()
}

/// Applies a few changes. Returns false if nothing could be done.
async fn step<E: Env>(
    env: &E,
    mut state: State,
    count: i64,
    until: Timestamp,
) -> Result<bool, Unavailable> {
    let store = env.store();
    let before = state.clone();
    let now = env.clock().now();
    let touched = if state.is_built() {
        next_changes(store, &mut state, count, now).await?
    } else {
        next_accounts(store, &mut state).await?
    };
    let mut pages = Pages::new(store, state.next_id);
    for (number, listing) in touched {
        let listed = pages.listing(number).await?;
        if listed == listing {
            continue;
        }
        if let Some(listed) = &listed {
            tree::remove(&mut pages, number, listed).await?;
        }
        if let Some(listing) = &listing {
            tree::insert(&mut pages, number, listing).await?;
        }
        pages.put_listing(number, listing);
    }
    let gone = spent_by(&before);
    if !gone.is_empty() {
        store.delete_many(gone).await?;
    }
    state.cleaned = before.changes;
    state.next_id = pages.next_id();
    let Finished { mut writes, gone } = pages.finish()?;
    state.spent = gone.iter().map(|key| key.as_str().to_owned()).collect();
    if state == before {
        return Ok(false);
    }
    let has_advanced = state.changes > before.changes || state.accounts > before.accounts;
    writes.push(state.write()?);
    if env.clock().now().plus(STEP_TIME) >= until {
        return Ok(false);
    }
    store.set_many(writes).await?;
    Ok(has_advanced)
}

/// The current listings of the accounts of the next changes; `None` for a deleted one.
async fn next_changes(
    store: &impl KeyValue,
    state: &mut State,
    count: i64,
    now: Timestamp,
) -> Result<BTreeMap<i64, Option<Listing>>, Unavailable> {
    let last = state.changes.saturating_add(STEP).min(count);
    let mut written = Vec::new();
    for (place, change) in changes::read(store, state.changes, last).await? {
        if change.is_none() && !is_given_up(state.missing, place, now) {
            // All numbers drawn so far may be written within the same time.
            let waits = state
                .missing
                .filter(|it| place <= it.head && it.since <= now);
            let begun = Missing {
                head: count,
                since: now,
            };
            state.missing = Some(waits.unwrap_or(begun));
            break;
        }
        written.extend(change);
        state.changes = place;
    }
    let accounts = changes::find_accounts(store, written).await?;
    let listings = accounts
        .into_iter()
        .map(|(number, account)| (number, account.as_ref().map(Account::listing)));
    Ok(listings.collect())
}

fn is_given_up(missing: Option<Missing>, place: i64, now: Timestamp) -> bool {
    missing.is_some_and(|it| place <= it.head && now >= it.since.plus(WRITTEN_WITHIN))
}

/// The listings of the next accounts of an earlier version.
async fn next_accounts(
    store: &impl KeyValue,
    state: &mut State,
) -> Result<BTreeMap<i64, Option<Listing>>, Unavailable> {
    let last = state.accounts.saturating_add(STEP).min(state.last_account);
    let numbers = state.accounts.saturating_add(1)..=last;
    let found = numbers.map(async |number| {
        let account = accounts::find_at(store, number).await;
        // One that cannot be read must not hold up the others.
        let account = match account {
            Err(Unavailable::Record(_)) => None,
            found => found?,
        };
        Ok((number, account.as_ref().map(Account::listing)))
    });
    state.accounts = last;
    futures::future::join_all(found).await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_record_has_no_more_deleted_than_one_step_leaves() {
        for (changes, cleaned, gone) in [
            (75, 70, 5),
            (75, 75, 0),
            (75, 80, 0),
            (75, i64::MIN, 256),
            (i64::MAX, 0, 256),
            (i64::MIN, i64::MAX, 0),
        ] {
            let state = State {
                next_id: 1,
                changes,
                cleaned,
                accounts: 0,
                last_account: 0,
                missing: None,
                spent: Vec::new(),
            };
            assert_eq!(spent_by(&state).len(), gone, "{changes}, {cleaned}");
        }
    }
}
