//! Each account's events, in order, for 90 days.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::agenda_task::AgendaTask;
use crate::model::event::Event;
use crate::model::id::{AccountId, EventId};
use crate::ports::{KeyValue, Outage};
use crate::store::keys::{self, AnyKey, Key};
use crate::store::{agenda, record};

const KEPT_FOR: Duration = Duration::from_hours(90 * 24);
/// How many places in the list are looked at for one page at least, so that a few gaps, which a crash leaves, are not taken
/// for the end.
const LOOKED_AT_LEAST: i64 = 20;

#[derive(Serialize, Deserialize)]
struct Pointer {
    id: EventId,
}

/// An event that has its number and is not noted yet: store all `writes` in one call.
#[derive(Debug)]
pub struct Noted {
    /// Its number among its account's events, from 1.
    pub sequence: i64,
    /// The event, its place in the list, and what deletes both.
    pub writes: Vec<(Key, Vec<u8>)>,
}

/// Notes `event` as its account's latest; `None` if it is noted already.
///
/// # Errors
/// [`Outage`] of the store; then it may be tried again.
pub async fn note(store: &impl KeyValue, event: &Event) -> Result<Option<Noted>, Outage> {
    let key = keys::event(&event.id);
    if store.exists(&key.clone().into()).await? {
        return Ok(None);
    }
    let sequence = store.increment(&keys::events(&event.account_id), 1).await?;
    let pointer_key = keys::event_at(&event.account_id, sequence);
    let task = AgendaTask::Forget {
        keys: vec![key.as_str().to_owned(), pointer_key.as_str().to_owned()],
    };
    let mut writes = agenda::place(store, event.at.plus(KEPT_FOR), task)
        .await?
        .writes;
    let pointer = Pointer {
        id: event.id.clone(),
    };
    writes.push((pointer_key, record::encode(&pointer)?));
    writes.push((key, record::encode(event)?));
    Ok(Some(Noted { sequence, writes }))
}

/// The event with this id, as long as it is kept.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find(store: &impl KeyValue, id: &EventId) -> Result<Option<Event>, Outage> {
    record::find(store, &keys::event(id)).await
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
    number: i64,
) -> Result<Option<(i64, Event)>, Outage> {
    let pointer: Option<Pointer> = record::find(store, &keys::event_at(account, number)).await?;
    let Some(Pointer { id }) = pointer else {
        return Ok(None);
    };
    let event = find(store, &id).await?;
    Ok(event.map(|event| (number, event)))
}
