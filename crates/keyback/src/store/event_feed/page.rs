//! Pages of the feed, by type, actor and time.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::event::EventPlace;
use crate::model::event_chain::Day;
use crate::ports::{Clock, Env, KeyValue, PAUSE, Unavailable};
use crate::store::event_feed::cursor::Cursor;
use crate::store::event_feed::filter::Filter;
use crate::store::event_feed::{
    Feed, Item, Position, Rank, find_part, first_complete_day, unsettled,
};
use crate::store::event_log::{self, Recorded};

/// How many parts are read for one page, which may therefore have fewer events than requested.
const PARTS: u64 = 8;
/// How many are read for one answer of an export.
const PARTS_OF_EXPORT: u64 = 100;
/// How many events an export reads at the same time.
const EVENTS_AT_ONCE: usize = 100;
/// The longest time between the recording of an event and its entry into the feed.
const LATEST: Duration = Duration::from_hours(48);

/// A page of the feed.
#[derive(Debug)]
pub struct Page {
    /// Matching events. There may be fewer than requested.
    pub events: Vec<Recorded>,
    /// Where the next page begins; `None` if there are none.
    pub next: Option<Cursor>,
}

/// Which events, in the feed and not yet in it, a page may still show. Earlier pages have shown the others.
struct Rest {
    /// Where an earlier page ended among the events that were not yet in the feed then.
    after: Option<(Rank, Position)>,
    /// The events outside the feed that this page shows.
    shown: BTreeSet<(String, i64)>,
    is_newest_first: bool,
}

impl Rest {
    fn allows(&self, place: &EventPlace, at: Timestamp, position: Option<Position>) -> bool {
        let is_shown = self
            .shown
            .contains(&(place.account_id.as_str().to_owned(), place.sequence));
        let is_new = match (&self.after, position) {
            (Some((_, end)), Some(position)) if position < *end => true,
            (Some((rank, _)), _) if self.is_newest_first => Rank::of(place, at) < *rank,
            (Some((rank, _)), _) => Rank::of(place, at) > *rank,
            (None, _) => true,
        };
        is_new && !is_shown
    }
}

/// At most `limit` events, newest first, from `cursor` on.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn newest_first(
    store: &impl KeyValue,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: usize,
) -> Result<Page, Unavailable> {
    let (from, mut rest) = begin(cursor, true);
    // Read in this order, an event that enters the feed meanwhile is in both, and not in neither.
    let mut events = Vec::new();
    if from.is_none() {
        events = unsettled::find(store).await?;
        events.reverse();
    }
    let feed = Feed::load(store).await?;
    let end = rest.after.as_ref().map_or(feed.end(), |(_, end)| *end);
    events.retain(|it| rest.allows(&it.place, it.event.at, None) && filter.takes_recorded(it));
    if events.len() >= limit {
        events.truncate(limit);
        let next = events
            .last()
            .map(|it| Cursor::After(Rank::of(&it.place, it.event.at), end));
        return Ok(Page { events, next });
    }
    rest.shown = events.iter().map(name_of).collect();
    let from = from
        .unwrap_or_else(|| feed.end())
        .min(feed.last_until(filter));
    let most = limit.saturating_sub(events.len());
    let (places, next) = walk_back(store, filter, &rest, from, most).await?;
    events.extend(event_log::find_all(store, places).await?);
    // The lanes of the agenda may be some time apart.
    events.sort_by_cached_key(|it| std::cmp::Reverse(Rank::of(&it.place, it.event.at)));
    Ok(Page {
        events,
        next: next.map(Cursor::At),
    })
}

/// The matching events before `from`, and where the next page begins.
async fn walk_back(
    store: &impl KeyValue,
    filter: &Filter,
    rest: &Rest,
    from: Position,
    most: usize,
) -> Result<(Vec<EventPlace>, Option<Position>), Unavailable> {
    let mut places = Vec::new();
    let Position { part, mut index } = from;
    let last = part.saturating_sub(PARTS);
    for number in (last.saturating_add(1)..=part).rev() {
        // Parts are deleted oldest first.
        let Some(found) = find_part(store, number).await? else {
            return Ok((places, None));
        };
        for (at, item) in found.items.iter().enumerate().take(index).rev() {
            let position = Position {
                part: number,
                index: at,
            };
            if !takes(filter, item) || !rest.allows(&item.place, item.at, Some(position)) {
                continue;
            }
            places.push(item.place.clone());
            if places.len() >= most {
                let is_first = number <= 1 && at == 0;
                return Ok((places, (!is_first).then_some(position)));
            }
        }
        if filter.since.is_some_and(|since| found.is_before(since)) {
            return Ok((places, None));
        }
        index = usize::MAX;
    }
    let next = Position { part: last, index };
    Ok((places, (last > 0).then_some(next)))
}

/// At most `limit` events, oldest first, from `cursor` on. Only days that have a head at `now` are included.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn oldest_first(
    env: &impl Env,
    filter: &Filter,
    cursor: Option<Cursor>,
    limit: usize,
    now: Timestamp,
) -> Result<Page, Unavailable> {
    let store = env.store();
    let (from, mut rest) = begin(cursor, false);
    let mut late = unsettled::find(store).await?;
    let feed = Feed::load(store).await?;
    late.retain(|it| rest.allows(&it.place, it.event.at, None) && filter.takes_recorded(it));
    let begin = rest.after.as_ref().map(|(_, end)| *end).or(from);
    let begin = begin.unwrap_or_else(|| feed.first_since(filter, now));
    rest.shown = late.iter().map(name_of).collect();
    let (places, next) = walk_on(env, filter, &rest, begin, limit, &feed).await?;
    let left = limit.saturating_sub(places.len());
    let mut events = Vec::with_capacity(places.len());
    for places in places.chunks(EVENTS_AT_ONCE) {
        events.extend(event_log::find_all(store, places.iter().cloned()).await?);
        env.clock().sleep(PAUSE).await;
    }
    if next.is_some() {
        return Ok(Page {
            events,
            next: next.map(Cursor::At),
        });
    }
    let mut next = None;
    if late.len() > left {
        late.truncate(left);
        let last = late.last().map(|it| Rank::of(&it.place, it.event.at));
        let after_feed = Cursor::At(feed.end());
        next = Some(last.map_or(after_feed, |rank| Cursor::After(rank, feed.end())));
    }
    events.extend(late);
    Ok(Page { events, next })
}

/// The matching events from `from` on, and where the next page begins.
async fn walk_on(
    env: &impl Env,
    filter: &Filter,
    rest: &Rest,
    from: Position,
    most: usize,
    feed: &Feed,
) -> Result<(Vec<EventPlace>, Option<Position>), Unavailable> {
    let mut places = Vec::new();
    let Position { part, mut index } = from;
    let end = part.saturating_add(PARTS_OF_EXPORT);
    for number in part..end.min(feed.part.saturating_add(1)) {
        let found = find_part(env.store(), number).await?.unwrap_or_default();
        env.clock().sleep(PAUSE).await;
        for (at, item) in found.items.iter().enumerate().skip(index) {
            let position = Position {
                part: number,
                index: at,
            };
            if !takes(filter, item) || !rest.allows(&item.place, item.at, Some(position)) {
                continue;
            }
            if places.len() >= most {
                return Ok((places, Some(position)));
            }
            places.push(item.place.clone());
        }
        if filter.until.is_some_and(|until| found.is_after(until)) {
            return Ok((places, None));
        }
        index = 0;
    }
    let next = Position {
        part: end,
        index: 0,
    };
    Ok((places, (end <= feed.part).then_some(next)))
}

/// Where in the feed to begin, and which events have been shown.
fn begin(cursor: Option<Cursor>, is_newest_first: bool) -> (Option<Position>, Rest) {
    let (from, after) = match cursor {
        None => (None, None),
        Some(Cursor::At(position)) => (Some(position), None),
        Some(Cursor::After(rank, end)) => (None, Some((rank, end))),
    };
    let rest = Rest {
        after,
        shown: BTreeSet::new(),
        is_newest_first,
    };
    (from, rest)
}

fn takes(filter: &Filter, item: &Item) -> bool {
    filter.takes(item.kind, &item.actor, item.at)
}

fn name_of(event: &Recorded) -> (String, i64) {
    let EventPlace {
        account_id,
        sequence,
    } = &event.place;
    (account_id.as_str().to_owned(), *sequence)
}

impl super::Part {
    /// Whether everything before this part in the feed was recorded before `time`.
    fn is_before(&self, time: Timestamp) -> bool {
        let mut items = self.items.iter();
        items.all(|item| item.at.plus(LATEST) < time)
    }

    /// Whether everything after this part in the feed was recorded at `time` or later.
    fn is_after(&self, time: Timestamp) -> bool {
        let mut items = self.items.iter();
        !self.items.is_empty() && items.all(|item| item.at >= time.plus(LATEST))
    }
}

impl Feed {
    /// The end of the events that may be before the end of the filter's time.
    fn last_until(&self, filter: &Filter) -> Position {
        let after = filter.until.and_then(|until| {
            let day = Day::of(until.plus(LATEST)).plus(1);
            self.days.range(day..).next()
        });
        after.map_or_else(
            || self.end(),
            |(_, part)| Position {
                part: *part,
                index: 0,
            },
        )
    }

    /// The beginning of the events that may be in the filter's time.
    fn first_since(&self, filter: &Filter, now: Timestamp) -> Position {
        let first = first_complete_day(now);
        let day = filter
            .since
            .map_or(first, |since| first.max(Day::of(since)));
        let first = self.days.range(day..).next();
        first.map_or_else(
            || self.end(),
            |(_, part)| Position {
                part: *part,
                index: 0,
            },
        )
    }
}
