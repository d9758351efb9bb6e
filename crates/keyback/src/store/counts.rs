//! The measurements of all instances, added up.
//!
//! An instance counts in its memory ([`Meter`]) and stores its counts now and then, all in one
//! write. They are added to one of a few records, each under a lease, so that instances seldom contend.

use std::time::Duration;

use futures::future::join_all;

use crate::model::measured::Tally;
use crate::ports::{Clock, Env, KeyValue, Meter, SecureRandom, Unavailable};
use crate::store::lease::{Lease, Term};
use crate::store::{keys, record};

/// How many records the counts are spread over.
const SHARDS: u64 = 4;
/// How long counts wait before they are stored.
const STORED_AFTER: Duration = Duration::from_secs(10);
/// This many calls are stored at once: an instance ends after 128, and need not stay for the counts of its last ones.
const STORED_AFTER_CALLS: u32 = 32;
/// The time between two checks whether another request has stored them.
const STEP: Duration = Duration::from_secs(1);
/// How many times it is tried while the store fails. After that, and with many calls, the counts wait for the next calls, or are
/// lost with the instance.
const TRIES: u32 = 6;

/// Stores what `env` has measured once it is worth a write, and after ten seconds at the latest. It is work for after a
/// response. So the number of writes depends only on time, or on many calls together, and not on the content of a call.
pub async fn store_later<E: Env>(env: &E) {
    let meter = env.meter();
    if meter.calls() >= STORED_AFTER_CALLS {
        let _ = store(env).await;
    }
    if meter.is_empty() || is_left_to_calls(meter) || !meter.begin_waiting() {
        return;
    }
    for _ in 0..TRIES {
        wait(env).await;
        // A failing store is already logged by every call that needs it.
        if store(env).await.is_ok() || is_left_to_calls(meter) {
            break;
        }
    }
    meter.end_waiting();
}

/// Whether so many calls are not stored that only further calls try to. While the store fails, an instance that has had
/// its last call must not wait: the host may have no room for another instance.
fn is_left_to_calls(meter: &Meter) -> bool {
    meter.all_calls() >= STORED_AFTER_CALLS
}

/// Waits until the counts are due, or another request has stored them.
async fn wait<E: Env>(env: &E) {
    let mut waited = Duration::ZERO;
    while waited < STORED_AFTER && !env.meter().is_empty() && !is_left_to_calls(env.meter()) {
        env.clock().sleep(STEP).await;
        waited = waited.saturating_add(STEP);
    }
}

/// Adds the measurements to the stored counts. What cannot be stored stays in memory. If the store did the work and
/// lost its answer, it is counted twice.
async fn store<E: Env>(env: &E) -> Result<(), Unavailable> {
    let (tally, calls) = env.meter().take();
    if tally.is_empty() {
        return Ok(());
    }
    let stored = add(env, tally.clone()).await;
    if stored.is_err() {
        env.meter().put_back(tally, calls);
    }
    stored
}

async fn add<E: Env>(env: &E, tally: Tally) -> Result<(), Unavailable> {
    let store = env.store();
    let mut first = [0];
    env.random().fill(&mut first)?;
    for shard in (0..SHARDS).map(|next| u64::from(first[0]).wrapping_add(next) % SHARDS) {
        let name = format!("counts.{shard}");
        let now = env.clock().now();
        let Some(lease) = Lease::acquire(store, &name, Term::Change, now).await? else {
            continue;
        };
        let held = lease.held();
        let added = async {
            let mut sum = find(store, shard).await?;
            sum.add(tally);
            held.check(env.clock().now())?;
            let write = (keys::counts(shard), record::encode(&sum)?);
            store.set_many(vec![write]).await
        };
        let added = added.await;
        Lease::release_all(store, vec![lease], env.clock().now()).await;
        return added;
    }
    Err(Unavailable::Store(
        "all records of counts are in use".to_owned(),
    ))
}

/// All counts that instances have stored.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn sum(store: &impl KeyValue) -> Result<Tally, Unavailable> {
    let mut sum = Tally::default();
    for found in join_all((0..SHARDS).map(|shard| find(store, shard))).await {
        sum.add(found?);
    }
    Ok(sum)
}

async fn find(store: &impl KeyValue, shard: u64) -> Result<Tally, Unavailable> {
    let found: Option<Tally> = record::find(store, &keys::counts(shard)).await?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests;
