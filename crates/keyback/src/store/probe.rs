//! Whether the store accepts writes: a full disk can still be read.

use crate::base::timestamp::Timestamp;
use crate::ports::{KeyValue, Unavailable};
use crate::store::{keys, record};

/// Writes to the store, unless it has accepted a write within this minute, since anyone can trigger this.
///
/// # Errors
/// [`Unavailable`] of the store, which cannot be read or written.
pub async fn check(store: &impl KeyValue, now: Timestamp) -> Result<(), Unavailable> {
    let found: Option<Timestamp> = record::find(store, &keys::probe()).await?;
    if found.is_some_and(|found| minute(found) == minute(now)) {
        return Ok(());
    }
    write(store, now).await
}

/// Whether the store accepts no writes at all now. A store that only refuses a counter, as `DynamoDB` does under
/// contention, accepts them.
pub async fn takes_no_writes(store: &impl KeyValue, now: Timestamp) -> bool {
    write(store, now).await.is_err()
}

/// Writes the time to the millisecond: `SQLite` does not write a value that is already there.
async fn write(store: &impl KeyValue, now: Timestamp) -> Result<(), Unavailable> {
    let write = (keys::probe(), record::encode(&now)?);
    store.set_many(vec![write]).await
}

const fn minute(time: Timestamp) -> u64 {
    time.unix_seconds() / 60
}
