//! Records and counters over the key-value port.
//!
//! A flow reads through the repositories ([`accounts`], [`recoveries`], [`tokens`], [`outbox`], [`event_log`]) and
//! collects its changes in a [`batch::Batch`], which commits them in one round trip of numbers and one write. Nothing
//! outside this module names a key or encodes a record.

pub mod accounts;
pub mod agenda;
pub mod batch;
pub mod bulk_jobs;
pub mod claim;
pub mod counts;
pub mod cx;
pub mod directory;
pub mod event_feed;
pub mod event_log;
pub mod failed_attempts;
pub mod format;
pub mod keys;
pub mod lease;
pub mod limiter;
pub mod outbox;
pub mod probe;
pub mod proofs;
pub mod record;
pub mod recoveries;
pub mod sign_in_locks;
pub mod sign_ins;
pub mod tokens;

use crate::ports::{KeyValue, Unavailable};
use crate::store::keys::CounterKey;

/// How many times drawing a number is tried before the call is refused.
const DRAWS: u32 = 3;

/// Adds `count` to a counter in which gaps are harmless, and returns the sum.
///
/// A store under contention may refuse an increment, so it is retried. If the refused increment was applied after all,
/// a number stays unused. Claims must not be retried like this: see [`claim`].
///
/// # Errors
/// [`Unavailable::Store`] if the last try fails.
pub(crate) async fn draw(
    store: &impl KeyValue,
    counter: &CounterKey,
    count: i64,
) -> Result<i64, Unavailable> {
    let mut tries = DRAWS;
    loop {
        tries = tries.saturating_sub(1);
        match store.increment(counter, count).await {
            Err(_) if tries > 0 => {}
            drawn => return drawn,
        }
    }
}

/// The value of `counter`; 0 if it does not exist, in which case reading it would create it.
///
/// # Errors
/// [`Unavailable::Store`].
pub(crate) async fn read_counter(
    store: &impl KeyValue,
    counter: &CounterKey,
) -> Result<i64, Unavailable> {
    if store.exists(&counter.clone().into()).await? {
        store.increment(counter, 0).await
    } else {
        Ok(0)
    }
}
