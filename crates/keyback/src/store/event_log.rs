//! Each account's events, in order, for 90 days.

use serde::{Deserialize, Serialize};

use crate::model::event::{Event, EventPlace};
use crate::model::id::AccountId;
use crate::ports::{KeyValue, Outage};
use crate::store::keys::{self, AnyKey, Key};
use crate::store::record;

/// How many places in the list are looked at for one page at least, so that a few gaps, which a crash leaves, are not taken
/// for the end.
const LOOKED_AT_LEAST: i64 = 20;

/// An event as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// Whether it is on the agenda to be told and forgotten.
    pub followed_up: bool,
}

/// Events that have their numbers and are not stored yet: store all `writes` together with what they tell of.
#[derive(Debug)]
pub struct Appended {
    /// Where they will stand.
    pub places: Vec<EventPlace>,
    /// The events.
    pub writes: Vec<(Key, Vec<u8>)>,
}

/// Numbers `events`, oldest first, as the latest of their accounts: one round trip.
///
/// # Errors
/// [`Outage`] of the store. A number that was drawn then stays unused.
pub async fn append(store: &impl KeyValue, events: Vec<Event>) -> Result<Appended, Outage> {
    let by_account = events.chunk_by(|one, next| one.account_id == next.account_id);
    let counts = by_account.map(|events| async move {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let account_id = events.first().map(|event| &event.account_id);
        let counter = account_id.map(keys::events);
        match counter {
            Some(counter) => store
                .increment(&counter, count)
                .await
                .map(|last| (last, count)),
            None => Ok((0, 0)),
        }
    });
    let mut numbers = Vec::new();
    for counted in futures::future::join_all(counts).await {
        let (last, count) = counted?;
        numbers.extend(last.saturating_sub(count).saturating_add(1)..=last);
    }
    let mut appended = Appended {
        places: Vec::new(),
        writes: Vec::new(),
    };
    for (event, sequence) in events.into_iter().zip(numbers) {
        let place = EventPlace {
            account_id: event.account_id.clone(),
            sequence,
        };
        let entry = Entry {
            event,
            followed_up: false,
        };
        appended.writes.push(write(&place, &entry)?);
        appended.places.push(place);
    }
    Ok(appended)
}

/// What stores `entry` at `place`.
///
/// # Errors
/// [`Outage::Record`].
pub fn write(place: &EventPlace, entry: &Entry) -> Result<(Key, Vec<u8>), Outage> {
    Ok((key(place), record::encode(entry)?))
}

/// Where the event at `place` is stored.
#[must_use]
pub fn key(place: &EventPlace) -> Key {
    keys::event(&place.account_id, place.sequence)
}

/// What stands at `place`, as long as it is kept.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find(store: &impl KeyValue, place: &EventPlace) -> Result<Option<Entry>, Outage> {
    record::find(store, &key(place)).await
}

/// A page of an account's events, newest first.
#[derive(Debug)]
pub struct Page {
    /// The events with their sequence numbers.
    pub events: Vec<(i64, Event)>,
    /// Where the next page begins: all events before this number; `None` if there are none.
    pub next: Option<i64>,
}

/// At most `limit` of the events with a number below `before`, or the latest ones.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn page(
    store: &impl KeyValue,
    account: &AccountId,
    before: Option<i64>,
    limit: i64,
) -> Result<Page, Outage> {
    let counter = keys::events(account);
    let count = if store.exists(&AnyKey::from(counter.clone())).await? {
        store.increment(&counter, 0).await?
    } else {
        0
    };
    let newest = before.map_or(count, |before| before.saturating_sub(1).min(count));
    let oldest = newest
        .saturating_sub(limit.max(LOOKED_AT_LEAST))
        .saturating_add(1)
        .max(1);
    let numbers = (oldest..=newest).rev();
    let found =
        futures::future::join_all(numbers.map(|number| find_at(store, account, number))).await;
    let mut events: Vec<_> = found
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    // Events expire oldest first: a stretch without any is the end.
    let mut next = (oldest > 1 && !events.is_empty()).then_some(oldest);
    let limit = usize::try_from(limit).unwrap_or_default();
    if events.len() > limit {
        events.truncate(limit);
        next = events.last().map(|(sequence, _)| *sequence);
    }
    Ok(Page { events, next })
}

async fn find_at(
    store: &impl KeyValue,
    account: &AccountId,
    sequence: i64,
) -> Result<Option<(i64, Event)>, Outage> {
    let place = EventPlace {
        account_id: account.clone(),
        sequence,
    };
    let entry = find(store, &place).await?;
    Ok(entry.map(|entry| (sequence, entry.event)))
}
