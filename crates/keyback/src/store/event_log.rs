//! Each account's events, in order, for 90 days.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::event::{Event, EventPlace};
use crate::model::event_chain::Link;
use crate::model::id::AccountId;
use crate::model::log_line::LogLine;
use crate::ports::{Env, KeyValue, Log as _, Unavailable};
use crate::store::keys::{self, Key};
use crate::store::{draw, read_counter, record};

/// How long events are kept.
pub(super) const KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// The fewest places in the list that are read for one page, so that a few gaps, left by a crash, are not mistaken for
/// the end.
const LOOKED_AT_LEAST: i64 = 20;

/// The most events that are read to find one of some kind.
const LOOKED_BACK: i64 = 100;
/// An event is written at most this long after its own time.
const WRITTEN_WITHIN: Duration = Duration::from_mins(1);

/// An event as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    event: Event,
    /// Set once the event is in the feed of all events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
}

/// An event with its place in its account's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The account and the event's sequence number.
    pub place: EventPlace,
    /// What happened, as administrators and the portal get it.
    pub event: Event,
    /// Its place in the chain of its account, once it is in the feed of all events.
    pub link: Option<Link>,
}

/// Numbers `events` as the latest of their accounts. Events of one account must be consecutive, oldest first. It costs
/// one round trip.
///
/// # Errors
/// [`Unavailable::Store`]. A number that was drawn then stays unused.
pub(super) async fn number(
    store: &impl KeyValue,
    events: &[Event],
) -> Result<Vec<EventPlace>, Unavailable> {
    let by_account = events.chunk_by(|one, next| one.account_id == next.account_id);
    let numbered = by_account.map(|events| async move {
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let Some(first) = events.first() else {
            return Ok(Vec::new());
        };
        let last = draw(store, &keys::events(&first.account_id), count).await?;
        let numbers = last.saturating_sub(count).saturating_add(1)..=last;
        Ok(numbers
            .map(|sequence| EventPlace {
                account_id: first.account_id.clone(),
                sequence,
            })
            .collect::<Vec<_>>())
    });
    let mut places = Vec::new();
    for numbered in futures::future::join_all(numbered).await {
        places.extend(numbered?);
    }
    Ok(places)
}

/// The write that stores `event` at `place`.
///
/// # Errors
/// [`Unavailable::Record`].
pub(super) fn write(place: &EventPlace, event: Event) -> Result<(Key, Vec<u8>), Unavailable> {
    write_linked(place, event, None)
}

/// As [`write`], with the event's place in the chain of its account.
pub(super) fn write_linked(
    place: &EventPlace,
    event: Event,
    link: Option<Link>,
) -> Result<(Key, Vec<u8>), Unavailable> {
    Ok((key(place), record::encode(&Stored { event, link })?))
}

/// Where the event at `place` is stored.
pub(super) fn key(place: &EventPlace) -> Key {
    keys::event(&place.account_id, place.sequence)
}

/// The event at `place`, while it is kept.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(store: &impl KeyValue, place: &EventPlace) -> Result<Option<Event>, Unavailable> {
    let recorded = find_recorded(store, place.clone()).await?;
    Ok(recorded.map(|recorded| recorded.event))
}

/// As [`find`], with everything that was recorded about it.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_recorded(
    store: &impl KeyValue,
    place: EventPlace,
) -> Result<Option<Recorded>, Unavailable> {
    let stored: Option<Stored> = record::find(store, &key(&place)).await?;
    Ok(stored.map(|Stored { event, link }| Recorded { place, event, link }))
}

/// The events at `places` that are still kept, in the same order.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_all(
    store: &impl KeyValue,
    places: impl IntoIterator<Item = EventPlace>,
) -> Result<Vec<Recorded>, Unavailable> {
    let found = places.into_iter().map(|place| find_recorded(store, place));
    let found = futures::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().collect())
}

/// As [`find_all`], without those that cannot be read, which are logged: they must not hold up the others.
///
/// # Errors
/// [`Unavailable::Store`].
pub(super) async fn find_readable(
    env: &impl Env,
    places: impl IntoIterator<Item = EventPlace>,
) -> Result<Vec<Recorded>, Unavailable> {
    let found = places
        .into_iter()
        .map(|place| find_recorded(env.store(), place));
    let mut events = Vec::new();
    for found in futures::future::join_all(found).await {
        match found {
            Ok(found) => events.extend(found),
            Err(outage @ Unavailable::Record(_)) => {
                env.log().write(&LogLine::WorkFailed { outage });
            }
            Err(outage) => return Err(outage),
        }
    }
    Ok(events)
}

/// Whether the event with the latest number of the account `id` is stored.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn has_latest(store: &impl KeyValue, id: &AccountId) -> Result<bool, Unavailable> {
    let sequence = read_counter(store, &keys::events(id)).await?;
    let place = EventPlace {
        account_id: id.clone(),
        sequence,
    };
    Ok(find(store, &place).await?.is_some())
}

/// Whether the account `id` has had an event since `since` that `is_it` accepts. If there was none, it takes two reads.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn has_since(
    store: &impl KeyValue,
    id: &AccountId,
    since: Timestamp,
    is_it: impl Fn(&Event) -> bool,
) -> Result<bool, Unavailable> {
    let last = read_counter(store, &keys::events(id)).await?;
    let first = last.saturating_sub(LOOKED_BACK).max(0);
    for sequence in (first.saturating_add(1)..=last).rev() {
        let place = EventPlace {
            account_id: id.clone(),
            sequence,
        };
        match find(store, &place).await? {
            // An event that began earlier may have been written late.
            Some(event) if event.at < since.minus(WRITTEN_WITHIN) => break,
            Some(event) if event.at >= since && is_it(&event) => return Ok(true),
            _ => {}
        }
    }
    Ok(false)
}

/// A page of an account's events, newest first.
#[derive(Debug)]
pub struct Page {
    /// Newest first. There may be fewer than requested.
    pub events: Vec<Recorded>,
    /// Where the next page begins: all events before this number; `None` if there are none.
    pub next: Option<i64>,
}

/// At most `limit` events with a number below `before`, or the latest ones.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn page(
    store: &impl KeyValue,
    account: &AccountId,
    before: Option<i64>,
    limit: i64,
) -> Result<Page, Unavailable> {
    let count = read_counter(store, &keys::events(account)).await?;
    let newest = before.map_or(count, |before| before.saturating_sub(1).min(count));
    let oldest = newest
        .saturating_sub(limit.max(LOOKED_AT_LEAST))
        .saturating_add(1)
        .max(1);
    let places = (oldest..=newest).rev().map(|sequence| EventPlace {
        account_id: account.clone(),
        sequence,
    });
    let mut events = find_all(store, places).await?;
    // Events expire oldest first, so a run of places without any is the end.
    let mut next = (oldest > 1 && !events.is_empty()).then_some(oldest);
    let limit = usize::try_from(limit).unwrap_or_default();
    if events.len() > limit {
        events.truncate(limit);
        next = events.last().map(|last| last.place.sequence);
    }
    Ok(Page { events, next })
}
