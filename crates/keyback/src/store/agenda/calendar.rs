//! The calendar: later work, merged by the minute.
//!
//! Only [`bring_back`] and [`park`] change it, under one lease.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::event::EventPlace;
use crate::model::keyring::Keyring;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::agenda::calendar::sorted::{Sorted, split};
use crate::store::agenda::state::{LaneState, State};
use crate::store::agenda::{AgendaEntry, Entry, Place, read};
use crate::store::keys::{self, AnyKey, Key, Lane};
use crate::store::lease::{self, Held, Lease, Term};
use crate::store::{event_feed, event_log, record};

mod sorted;

/// The name of the lease under which entries are parked and brought back.
const LEASE: &str = "agenda";
/// A task that is due within this time stays where it is: its writer may be working on it.
const STAYS_FOR: Duration = Duration::from_secs(90);
/// How many entries of a lane are settled in one go.
const SETTLED_AT_ONCE: i64 = 512;
/// Roughly how many events are added to the feed in one go.
const FED_AT_ONCE: usize = 256;
/// Roughly how many events of settled entries are sorted in one go.
const SORTED_AT_ONCE: usize = 1_000;
/// How many parked parts are brought back in one go.
const BROUGHT_BACK_AT_ONCE: usize = 32;
/// How many keys are deleted in one call.
const DELETED_AT_ONCE: usize = 500;

/// Brings back what is due at `now`: its keys are deleted, its tasks become entries again. Returns whether more is left
/// than is done in one go. Does nothing while somebody else holds the lease.
///
/// # Errors
/// [`Unavailable`] of the store. The next call continues from there.
pub async fn bring_back<E: Env>(env: &E, now: Timestamp) -> Result<bool, Unavailable> {
    alone(env, async |agenda| bring_back_alone(agenda, now).await).await
}

/// How far events are added to the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    /// All events that there are.
    All,
    /// Only events up to these numbers of the lanes, which an earlier run has seen. A run that follows a request must
    /// not do more work because the request caused an event.
    UpTo([i64; Lane::ALL.len()]),
}

impl Newest {
    fn of(self, lane: Lane, head: i64) -> i64 {
        let Self::UpTo(seen) = self else {
            return head;
        };
        let mut seen = Lane::ALL.into_iter().zip(seen);
        seen.find(|(it, _)| *it == lane)
            .map_or(0, |(_, seen)| seen.min(head))
    }
}

/// Adds events to the feed of all events, signed by `keyring`; parks what is due much later, and deletes finished
/// entries. Returns whether more is left than is done in one go. Does nothing while somebody else holds the lease.
///
/// # Errors
/// [`Unavailable`] of the store. The next call continues from there.
pub async fn park<E: Env>(
    env: &E,
    keyring: &Keyring,
    heads: [i64; Lane::ALL.len()],
    newest: Newest,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let park = async |agenda: &Agenda<'_, E>| park_alone(agenda, keyring, heads, newest, now).await;
    alone(env, park).await
}

/// The agenda, to be changed under its lease.
#[derive(Debug)]
pub(super) struct Agenda<'e, E: Env> {
    env: &'e E,
    held: Held,
}

impl<E: Env> Agenda<'_, E> {
    fn store(&self) -> &E::Store {
        self.env.store()
    }

    /// Writes, unless the lease may have run out: others may have written since, so what was read may be stale.
    async fn write(&self, writes: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable> {
        self.held.check(self.env.clock().now())?;
        self.store().set_many(writes).await
    }

    /// Deletes records that are no longer used. Doing it late is harmless.
    async fn delete(&self, keys: &[AnyKey]) -> Result<(), Unavailable> {
        for keys in keys.chunks(DELETED_AT_ONCE) {
            self.store().delete_many(keys.to_vec()).await?;
        }
        Ok(())
    }
}

/// Runs `work` under the agenda's lease; `false` while somebody else holds it.
pub(super) async fn alone<E: Env>(
    env: &E,
    work: impl AsyncFnOnce(&Agenda<'_, E>) -> Result<bool, Unavailable>,
) -> Result<bool, Unavailable> {
    let store = env.store();
    let Some(lease) = Lease::acquire(store, LEASE, Term::Work, env.clock().now()).await? else {
        return Ok(false);
    };
    let held = lease.held();
    let more = work(&Agenda { env, held }).await;
    Lease::release_all(store, vec![lease], env.clock().now()).await;
    more
}

async fn bring_back_alone<E: Env>(
    agenda: &Agenda<'_, E>,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let store = agenda.store();
    let mut state = State::load(store).await?;
    // In case of a crash between the last write and this deletion.
    delete_parts(agenda, &state.spent).await?;
    let due = state.parked.range(..=now.unix_minutes());
    // A damaged record may name more parts than fit into memory.
    let mut due: Vec<(u64, u64)> = due
        .flat_map(|(minute, parts)| (parts.first..parts.end).map(|part| (*minute, part)))
        .take(BROUGHT_BACK_AT_ONCE.saturating_add(1))
        .collect();
    let more = due.len() > BROUGHT_BACK_AT_ONCE;
    due.truncate(BROUGHT_BACK_AT_ONCE);
    let mut writes = Vec::new();
    for (minute, part) in &due {
        let entry: Option<Entry> = record::find(store, &keys::parked(*minute, *part)).await?;
        let Entry {
            tasks, expiring, ..
        } = entry.unwrap_or_default();
        let expired: Vec<String> = expiring.into_iter().flat_map(|it| it.keys).collect();
        delete_named(agenda, &expired).await?;
        if !tasks.is_empty() {
            let place = Place::take(store, Lane::Tasks).await?;
            let entry = Entry {
                tasks,
                ..Entry::default()
            };
            writes.push((place.key(), record::encode(&entry)?));
        }
        take_part(&mut state, *minute);
    }
    state.spent = due;
    writes.push(state.write()?);
    agenda.write(writes).await?;
    delete_parts(agenda, &state.spent).await?;
    state.spent.clear();
    agenda.write(vec![state.write()?]).await?;
    Ok(more)
}

/// Removes the first part of `minute` from the state.
fn take_part(state: &mut State, minute: u64) {
    if let Some(parts) = state.parked.get_mut(&minute) {
        parts.first = parts.first.saturating_add(1);
        if parts.first >= parts.end {
            state.parked.remove(&minute);
        }
    }
}

/// Settles the first entries of each lane up to one with work that is due soon: their content moves into the calendar,
/// and they are deleted.
async fn park_alone<E: Env>(
    agenda: &Agenda<'_, E>,
    keyring: &Keyring,
    heads: [i64; Lane::ALL.len()],
    newest: Newest,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let store = agenda.store();
    let before = State::load(store).await?;
    let mut state = before.clone();
    for lane in Lane::ALL {
        // In case of a crash before their deletion.
        clean(agenda, lane, state.lane(lane)).await?;
    }
    // A part written below may get the number of one of these.
    delete_parts(agenda, &state.spent).await?;
    state.spent.clear();
    let mut sorted = Sorted::default();
    let mut more = false;
    for (lane, head) in Lane::ALL.into_iter().zip(heads) {
        let state = state.lane(lane);
        let newest = newest.of(lane, head);
        let events = &mut sorted.events;
        let (read, is_cut) = feed(store, lane, newest, state, events, now).await?;
        more |= settle(store, lane, read, state, &mut sorted, now).await? || is_cut;
        state.seen = head;
    }
    if state == before {
        return Ok(false);
    }
    state.moved_in = true;
    let events = event_log::find_readable(agenda.env, sorted.take_events()).await?;
    let fed = event_feed::append(store, keyring, events, now).await?;
    sorted.take(
        Entry {
            expiring: fed.expiring,
            ..Entry::default()
        },
        now,
    );
    delete_named(agenda, &sorted.expired).await?;
    let mut writes = fed.writes;
    for (minute, entry) in sorted.by_minute {
        for part in split(&entry) {
            let parts = state.parked.entry(minute).or_default();
            writes.push((keys::parked(minute, parts.end), record::encode(&part)?));
            parts.end = parts.end.saturating_add(1);
        }
    }
    writes.push(state.write()?);
    agenda.write(writes).await?;
    for lane in Lane::ALL {
        clean(agenda, lane, state.lane(lane)).await?;
    }
    agenda.write(vec![state.write()?]).await?;
    Ok(more)
}

/// Advances the fed number, up to `newest`, and collects the events of the entries up to it. Entries that stay do not
/// block this; otherwise a portal that accepts no events would. Returns what was read, and whether there are more.
async fn feed(
    store: &impl KeyValue,
    lane: Lane,
    newest: i64,
    state: &mut LaneState,
    events: &mut Vec<EventPlace>,
    now: Timestamp,
) -> Result<(Vec<AgendaEntry>, bool), Unavailable> {
    let (first, last) = window(state.fed(), newest);
    let found = read_window(store, lane, first, last).await?;
    for (place, found) in &found {
        // All missing entries are waited for at the same time.
        state.awaits(place, found, now);
    }
    for (place, entry) in &found {
        let is_early = matches!(entry, Ok(Some(entry)) if entry.awaits_events());
        if is_early || state.awaits(place, entry, now) {
            return Ok((found, false));
        }
        if let Ok(Some(entry)) = entry {
            events.extend(entry.events.iter().cloned());
        }
        state.fed = place.number;
        if events.len() >= FED_AT_ONCE {
            return Ok((found, true));
        }
    }
    Ok((found, last < newest))
}

/// Advances the settled number, up to the fed one, and sorts the content of the entries up to it. Some of them, `read`,
/// were read already. Returns whether there are more.
async fn settle(
    store: &impl KeyValue,
    lane: Lane,
    read: Vec<AgendaEntry>,
    state: &mut LaneState,
    sorted: &mut Sorted,
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let fed = state.fed();
    let (first, last) = window(state.settled, fed);
    let unread = read
        .first()
        .map_or(last, |(place, _)| place.number.saturating_sub(1));
    let mut found = read_window(store, lane, first, last.min(unread)).await?;
    found.extend(read);
    for (place, found) in found.into_iter().filter(|(place, _)| place.number <= last) {
        let stays = matches!(&found, Ok(Some(entry)) if stays(entry, now));
        if stays || state.awaits(&place, &found, now) {
            return Ok(false);
        }
        state.waiting.remove(&place.number);
        sorted.take(found.ok().flatten().unwrap_or_default(), now);
        state.settled = place.number;
        if sorted.events.len() >= SORTED_AT_ONCE {
            return Ok(true);
        }
    }
    Ok(last < fed)
}

/// The first numbers after `done`, up to `head`.
fn window(done: i64, head: i64) -> (i64, i64) {
    let last = done.saturating_add(SETTLED_AT_ONCE).min(head);
    (done.saturating_add(1), last)
}

async fn read_window(
    store: &impl KeyValue,
    lane: Lane,
    first: i64,
    last: i64,
) -> Result<Vec<AgendaEntry>, Unavailable> {
    let places = (first..=last).map(|number| Place { lane, number });
    read(store, places.collect()).await
}

/// Whether somebody may be working on a task of `entry`.
fn stays(entry: &Entry, now: Timestamp) -> bool {
    entry.is_due(now.plus(STAYS_FOR))
}

/// Deletes the settled entries of a lane, with any counters that leases on them left.
async fn clean<E: Env>(
    agenda: &Agenda<'_, E>,
    lane: Lane,
    state: &mut LaneState,
) -> Result<(), Unavailable> {
    let numbers = state.cleaned.saturating_add(1)..=state.settled;
    let keys: Vec<AnyKey> = numbers
        .map(|number| Place { lane, number })
        .flat_map(|place| {
            let mut keys = lease::counters(&place.lease_name());
            keys.push(place.key().into());
            keys
        })
        .collect();
    agenda.delete(&keys).await?;
    state.cleaned = state.settled;
    Ok(())
}

async fn delete_parts<E: Env>(
    agenda: &Agenda<'_, E>,
    parts: &[(u64, u64)],
) -> Result<(), Unavailable> {
    let keys: Vec<AnyKey> = parts
        .iter()
        .map(|(minute, part)| keys::parked(*minute, *part).into())
        .collect();
    agenda.delete(&keys).await
}

async fn delete_named<E: Env>(agenda: &Agenda<'_, E>, names: &[String]) -> Result<(), Unavailable> {
    let keys: Vec<AnyKey> = names.iter().cloned().filter_map(AnyKey::noted).collect();
    agenda.delete(&keys).await
}
