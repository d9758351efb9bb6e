//! Whether the store takes writes: a full disk still reads.

use crate::base::timestamp::Timestamp;
use crate::ports::{KeyValue, Unavailable};
use crate::store::{keys, record};

/// Writes to the store, unless it took a write within this minute: anybody may ask.
///
/// # Errors
/// [`Unavailable`] of the store, which cannot be read or not be written.
pub async fn check(store: &impl KeyValue, now: Timestamp) -> Result<(), Unavailable> {
    let found: Option<Timestamp> = record::find(store, &keys::probe()).await?;
    if found.is_some_and(|found| minute(found) == minute(now)) {
        return Ok(());
    }
    write(store, now).await
}

/// Whether the store takes no write at all now. One that refuses a counter alone, as `DynamoDB` does under contention, does.
pub async fn takes_no_writes(store: &impl KeyValue, now: Timestamp) -> bool {
    write(store, now).await.is_err()
}

/// Writes the time to the millisecond: `SQLite` writes nothing where the value is the one that is there.
async fn write(store: &impl KeyValue, now: Timestamp) -> Result<(), Unavailable> {
    let write = (keys::probe(), record::encode(&now)?);
    store.set_many(vec![write]).await
}

const fn minute(time: Timestamp) -> u64 {
    time.unix_seconds() / 60
}
