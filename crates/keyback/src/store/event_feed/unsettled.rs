//! The events that are not in the feed yet: those of the latest entries of the agenda.

use std::collections::BTreeSet;

use crate::model::event::EventPlace;
use crate::ports::{KeyValue, Unavailable};
use crate::store::agenda::{self, Place, State};
use crate::store::event_feed::Rank;
use crate::store::event_log::{self, Recorded};
use crate::store::keys::Lane;

/// How many entries of a lane are read, the latest ones. The courier runs once a minute.
const ENTRIES: i64 = 512;
/// How many events are read at most.
const EVENTS: usize = 1_000;

/// The latest events that are not in the feed, oldest first. Events that enter the feed meanwhile are left out.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn find(store: &impl KeyValue) -> Result<Vec<Recorded>, Unavailable> {
    let state = State::load(store).await?;
    let mut places = BTreeSet::new();
    for lane in Lane::ALL {
        let head = agenda::head(store, lane).await?;
        let first = state.fed(lane).max(head.saturating_sub(ENTRIES));
        let numbers = (first.saturating_add(1)..=head).rev();
        let entries = numbers.map(|number| Place { lane, number }).collect();
        let mut most = EVENTS;
        for (_, found) in agenda::read(store, entries).await? {
            // An unreadable entry was written by a newer version.
            for event in found.ok().flatten().unwrap_or_default().events {
                if most > 0 {
                    most = most.saturating_sub(1);
                    places.insert((event.account_id, event.sequence));
                }
            }
        }
    }
    let places = places.into_iter().map(|(account_id, sequence)| EventPlace {
        account_id,
        sequence,
    });
    let mut events = event_log::find_all(store, places).await?;
    events.retain(|it| it.link.is_none());
    events.sort_by_cached_key(|it| Rank::of(&it.place, it.event.at));
    Ok(events)
}
