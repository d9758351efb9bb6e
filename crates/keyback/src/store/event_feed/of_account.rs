//! Pages of one account's events, by type, actor and time.

use crate::model::id::AccountId;
use crate::ports::{Clock, Env, KeyValue, PAUSE, Unavailable};
use crate::store::event_feed::filter::Filter;
use crate::store::event_log::{self, Recorded};

/// How many events of the account are read at a time.
const AT_ONCE: i64 = 100;
/// How many times that is done for one page, which may therefore have fewer events than requested.
const TIMES: u32 = 8;

/// A page of one account's events.
#[derive(Debug)]
pub struct Page {
    /// Matching events, newest first. There may be fewer than `limit`.
    pub events: Vec<Recorded>,
    /// The sequence number of the last event that was read; `None` if there are no more.
    pub next: Option<i64>,
}

/// At most `limit` events of an account with numbers below `before`, newest first.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn newest_first(
    store: &impl KeyValue,
    account: &AccountId,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Page, Unavailable> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut next = before;
    for _ in 0..TIMES {
        let page = event_log::page(store, account, next, AT_ONCE).await?;
        for it in page
            .events
            .into_iter()
            .filter(|it| filter.takes_recorded(it))
        {
            if events.len() >= limit {
                let next = events.last().map(|last| last.place.sequence);
                return Ok(Page { events, next });
            }
            events.push(it);
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(Page { events, next })
}

/// At most `limit` events of an account with numbers above `after`, oldest first.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn oldest_first(
    env: &impl Env,
    account: &AccountId,
    filter: &Filter,
    after: Option<i64>,
    limit: usize,
) -> Result<Page, Unavailable> {
    let after = after.unwrap_or_default();
    let mut events = Vec::new();
    let mut before = None;
    loop {
        let page = event_log::page(env.store(), account, before, AT_ONCE).await?;
        env.clock().sleep(PAUSE).await;
        let is_wanted = |it: &Recorded| it.place.sequence > after && filter.takes_recorded(it);
        events.extend(page.events.into_iter().filter(is_wanted));
        before = page.next.filter(|next| *next > after);
        if before.is_none() {
            break;
        }
    }
    events.reverse();
    let is_cut = events.len() > limit;
    events.truncate(limit);
    let last = events.last().map(|last| last.place.sequence);
    Ok(Page {
        events,
        next: last.filter(|_| is_cut),
    })
}
