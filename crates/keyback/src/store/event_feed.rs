//! The feed of all events, and the chains of their digests.
//!
//! An entry of the agenda names the events that were written with it. The holder of the agenda's lease adds them to the
//! feed (`Appending`), so that there is one writer and the calls that cause events bear no cost for it. Until then,
//! they are read from the entries ([`unsettled`]).
//!
//! The feed consists of parts, numbered from 1. A part has the places of events of one day, and is deleted with the
//! last of these events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base::timestamp::Timestamp;
use crate::model::event::{Actor, Event, EventPlace, EventType};
use crate::model::event_chain::{Day, Digest, Head, Link};
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::ports::{KeyValue, Unavailable};
use crate::store::agenda::Expiring;
use crate::store::event_log::{self, KEPT_FOR, Recorded};
use crate::store::keys::{self, Key};
use crate::store::record;

pub mod cursor;
pub mod filter;
pub mod of_account;
pub mod page;
pub mod unsettled;

/// How many events fit into a part.
const PART_SIZE: usize = 256;
/// How many days before the current one may have a head: those whose events are all kept.
const DAYS_BEFORE: u64 = 89;

/// Where the feed ends. Changed under the agenda's lease only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// The number of the last part; 0 before the first event.
    part: u64,
    /// How many events that part has.
    length: usize,
    /// The digest after the last event of all.
    digest: Digest,
    /// The days that have a head, each with the number of its first part.
    days: BTreeMap<Day, u64>,
}

/// A place in the feed: before the event `index` of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    part: u64,
    index: usize,
}

/// What the feed knows about an event without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Item {
    place: EventPlace,
    kind: EventType,
    actor: Actor,
    at: Timestamp,
}

impl Item {
    fn of(place: &EventPlace, event: &Event) -> Self {
        Self {
            place: place.clone(),
            kind: event.kind,
            actor: event.actor.without_context(),
            at: event.at,
        }
    }
}

/// Part of the feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    items: Vec<Item>,
}

/// The end of an account's chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Chain {
    digest: Digest,
}

/// The order of events by time. Events of one account that were recorded at the same time are distinguished by their
/// numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    at: Timestamp,
    sequence: i64,
    /// The beginning of the SHA-256 of the account's id.
    account: String,
}

impl Rank {
    fn of(place: &EventPlace, at: Timestamp) -> Self {
        let hash = Sha256::digest(place.account_id.as_str());
        let mut account = base16ct::lower::encode_string(&hash);
        account.truncate(8);
        Self {
            at,
            sequence: place.sequence,
            account,
        }
    }
}

impl Feed {
    /// The stored feed, or an empty one.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn load(store: &impl KeyValue) -> Result<Self, Unavailable> {
        let found = record::find(store, &keys::event_feed()).await?;
        Ok(found.unwrap_or_default())
    }

    fn end(&self) -> Position {
        Position {
            part: self.part,
            index: self.length,
        }
    }
}

/// The heads of the chain over all events, oldest first: those of the days whose events are all kept at `now`, and that
/// of the current day so far.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn heads(store: &impl KeyValue, now: Timestamp) -> Result<Vec<Head>, Unavailable> {
    let feed = Feed::load(store).await?;
    let days = feed.days.range(first_complete_day(now)..);
    let found = days.map(|(day, _)| find_head(store, *day));
    let found = futures::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn find_head(store: &impl KeyValue, day: Day) -> Result<Option<Head>, Unavailable> {
    record::find(store, &keys::event_head(day.number())).await
}

async fn find_part(store: &impl KeyValue, number: u64) -> Result<Option<Part>, Unavailable> {
    record::find(store, &keys::event_feed_part(number)).await
}

/// The first day whose events are all kept at `now`. Events enter the feed on the day when they are recorded, or on one
/// of the next two.
fn first_complete_day(now: Timestamp) -> Day {
    Day::of(now.minus(KEPT_FOR)).plus(3)
}

/// The writes that add events to the feed, and the keys to be deleted later.
#[derive(Debug, Default)]
pub(super) struct Appended {
    pub(super) writes: Vec<(Key, Vec<u8>)>,
    pub(super) expiring: Vec<Expiring>,
}

/// Appends `events` to the feed, in the order of their times. To be written under the agenda's lease.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn append(
    store: &impl KeyValue,
    keyring: &Keyring,
    mut events: Vec<Recorded>,
    now: Timestamp,
) -> Result<Appended, Unavailable> {
    // An event that is about to be deleted would be written again.
    events.retain(|it| it.link.is_none() && now < it.event.at.plus(KEPT_FOR));
    if events.is_empty() {
        return Ok(Appended::default());
    }
    events.sort_by_key(|it| Rank::of(&it.place, it.event.at));
    let chains = find_chains(store, &events).await?;
    let mut appending = Appending::begin(store, keyring, chains, now).await?;
    for event in events {
        appending.add(event)?;
    }
    appending.finish(keyring)
}

/// The ends of the chains that `events` belong to.
async fn find_chains(
    store: &impl KeyValue,
    events: &[Recorded],
) -> Result<BTreeMap<AccountId, Digest>, Unavailable> {
    let mut ids: Vec<&AccountId> = events.iter().map(|it| &it.place.account_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = ids.into_iter().map(|id| async move {
        let chain: Option<Chain> = record::find(store, &keys::event_chain(id)).await?;
        let digest = chain.map_or(Digest::NONE, |chain| chain.digest);
        Ok::<_, Unavailable>((id.clone(), digest))
    });
    let found = futures::future::try_join_all(found).await?;
    Ok(found.into_iter().collect())
}

/// The feed while events are appended.
struct Appending {
    feed: Feed,
    part: Part,
    head: Head,
    chains: BTreeMap<AccountId, Digest>,
    done: Appended,
}

impl Appending {
    /// Continues the current day and its last part, or begins them. If the clock goes back, the latest day that was
    /// begun continues.
    async fn begin(
        store: &impl KeyValue,
        keyring: &Keyring,
        chains: BTreeMap<AccountId, Digest>,
        now: Timestamp,
    ) -> Result<Self, Unavailable> {
        let feed = Feed::load(store).await?;
        let last = feed.days.last_key_value().map(|(day, _)| *day);
        let today = last.map_or(Day::of(now), |last| last.max(Day::of(now)));
        let stored = if last == Some(today) {
            let (head, part) = futures::join!(find_head(store, today), find_part(store, feed.part));
            head?.zip(part?)
        } else {
            None
        };
        let is_new = stored.is_none();
        let (head, part) =
            stored.unwrap_or_else(|| (Head::begin(today, feed.digest, keyring), Part::default()));
        let mut appending = Self {
            feed,
            part,
            head,
            chains,
            done: Appended::default(),
        };
        if is_new {
            appending.pass_days(last, today, keyring)?;
            appending.begin_part();
            appending.begin_day(today);
        }
        Ok(appending)
    }

    /// Writes the heads of the days since `last`, which had no events: a day without a head counts as missing.
    fn pass_days(
        &mut self,
        last: Option<Day>,
        today: Day,
        keyring: &Keyring,
    ) -> Result<(), Unavailable> {
        let first = today.minus(DAYS_BEFORE);
        self.feed.days.retain(|day, _| *day >= first.minus(1));
        let Some(mut day) = last.map(|last| last.plus(1).max(first)) else {
            return Ok(());
        };
        while day < today {
            let head = Head::begin(day, self.feed.digest, keyring);
            self.write_head(&head)?;
            self.feed.days.insert(day, self.feed.part.saturating_add(1));
            self.expire(day, &keys::event_head(day.number()));
            day = day.plus(1);
        }
        Ok(())
    }

    fn begin_day(&mut self, today: Day) {
        self.feed.days.entry(today).or_insert(self.feed.part);
        self.expire(today, &keys::event_head(today.number()));
    }

    fn begin_part(&mut self) {
        self.feed.part = self.feed.part.saturating_add(1);
        self.part = Part::default();
        self.expire(self.head.day, &keys::event_feed_part(self.feed.part));
    }

    /// Schedules the deletion of a record about the events of `day`, at the same time as theirs.
    fn expire(&mut self, day: Day, key: &Key) {
        self.done.expiring.push(Expiring {
            at: day.end().plus(KEPT_FOR),
            keys: vec![key.as_str().to_owned()],
        });
    }

    fn add(&mut self, event: Recorded) -> Result<(), Unavailable> {
        if self.part.items.len() >= PART_SIZE {
            self.write_part()?;
            self.begin_part();
        }
        let Recorded { place, event, .. } = event;
        let chain = self.chains.entry(place.account_id.clone());
        let chain = chain.or_insert(Digest::NONE);
        let link = Link::of(*chain, &event, place.sequence);
        *chain = link.digest;
        self.head.add(link.digest);
        self.part.items.push(Item::of(&place, &event));
        let write = event_log::write_linked(&place, event, Some(link))?;
        self.done.writes.push(write);
        Ok(())
    }

    fn write_part(&mut self) -> Result<(), Unavailable> {
        let write = (
            keys::event_feed_part(self.feed.part),
            record::encode(&self.part)?,
        );
        self.done.writes.push(write);
        Ok(())
    }

    fn write_head(&mut self, head: &Head) -> Result<(), Unavailable> {
        let write = (keys::event_head(head.day.number()), record::encode(head)?);
        self.done.writes.push(write);
        Ok(())
    }

    fn finish(mut self, keyring: &Keyring) -> Result<Appended, Unavailable> {
        self.write_part()?;
        self.head.sign(keyring);
        self.write_head(&self.head.clone())?;
        self.feed.digest = self.head.digest;
        self.feed.length = self.part.items.len();
        for (id, digest) in &self.chains {
            let chain = Chain { digest: *digest };
            let write = (keys::event_chain(id), record::encode(&chain)?);
            self.done.writes.push(write);
        }
        let write = (keys::event_feed(), record::encode(&self.feed)?);
        self.done.writes.push(write);
        Ok(self.done)
    }
}
