//! Records: versioned JSON, `{"v": 1, "record": …}`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ports::{KeyValue, Outage};
use crate::store::keys::Key;

/// The version of every record's layout. A change that an older reader would misread raises it.
const VERSION: u8 = 1;

#[derive(Serialize)]
struct Outgoing<'a, T> {
    v: u8,
    record: &'a T,
}

#[derive(Deserialize)]
struct Incoming<T> {
    v: u8,
    record: T,
}

/// The bytes to store for `record`.
///
/// # Errors
/// [`Outage::Record`] if it cannot be written as JSON.
pub fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, Outage> {
    serde_json::to_vec(&Outgoing { v: VERSION, record })
        .map_err(|_| Outage::Record("cannot be written"))
}

/// The record in `bytes`.
///
/// # Errors
/// [`Outage::Record`] if they are of another version or layout.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Outage> {
    let incoming: Incoming<T> =
        serde_json::from_slice(bytes).map_err(|_| Outage::Record("unknown layout"))?;
    if incoming.v == VERSION {
        Ok(incoming.record)
    } else {
        Err(Outage::Record("unknown version"))
    }
}

/// The record under `key`, if there is one.
///
/// # Errors
/// [`Outage::Store`], or [`Outage::Record`] for an unreadable one.
pub async fn find<T: DeserializeOwned>(
    store: &impl KeyValue,
    key: &Key,
) -> Result<Option<T>, Outage> {
    store
        .get(key)
        .await?
        .map(|bytes| decode(&bytes))
        .transpose()
}
