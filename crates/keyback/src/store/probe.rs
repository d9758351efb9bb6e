//! Whether the store takes writes: a full disk still reads.

use crate::base::timestamp::Timestamp;
use crate::ports::{KeyValue, Unavailable};
use crate::store::{keys, record};

/// Writes to the store, unless it took a write within this minute: anybody may ask.
///
/// # Errors
/// [`Unavailable`] of the store, which cannot be read or not be written.
pub async fn check(store: &impl KeyValue, now: Timestamp) -> Result<(), Unavailable> {
    let minute = now.unix_seconds() / 60;
    let found: Option<u64> = record::find(store, &keys::probe()).await?;
    if found == Some(minute) {
        return Ok(());
    }
    let write = (keys::probe(), record::encode(&minute)?);
    store.set_many(vec![write]).await
}
