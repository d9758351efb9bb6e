//! Records: versioned JSON, `{"v": 1, "record": …}`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ports::{KeyValue, Unavailable};
use crate::store::keys::Key;

/// The version of every record's layout. A change that an older reader would misread raises it.
const VERSION: u8 = 1;

#[derive(Serialize)]
struct VersionedRef<'a, T> {
    v: u8,
    record: &'a T,
}

#[derive(Deserialize)]
struct Versioned<T> {
    v: u8,
    record: T,
}

/// The bytes to store for `record`.
///
/// # Errors
/// [`Unavailable::Record`] if it cannot be written as JSON.
pub fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, Unavailable> {
    encode_as(VERSION, record)
}

/// The bytes to store for a `record` whose layout has the version `v`.
///
/// # Errors
/// [`Unavailable::Record`] if it cannot be written as JSON.
pub fn encode_as<T: Serialize>(v: u8, record: &T) -> Result<Vec<u8>, Unavailable> {
    serde_json::to_vec(&VersionedRef { v, record })
        .map_err(|_| Unavailable::Record("cannot be written"))
}

/// The record in `bytes`.
///
/// # Errors
/// [`Unavailable::Record`] if they have another version or layout.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unavailable> {
    decode_up_to(VERSION, bytes).map(|(_, record)| record)
}

/// The record in `bytes` and its version, which is at most `latest`.
///
/// # Errors
/// [`Unavailable::Record`] if they have another version or layout.
pub fn decode_up_to<T: DeserializeOwned>(latest: u8, bytes: &[u8]) -> Result<(u8, T), Unavailable> {
    let incoming: Versioned<T> =
        serde_json::from_slice(bytes).map_err(|_| Unavailable::Record("unknown layout"))?;
    if (1..=latest).contains(&incoming.v) {
        Ok((incoming.v, incoming.record))
    } else {
        Err(Unavailable::Record("unknown version"))
    }
}

/// The record under `key`, if there is one.
///
/// # Errors
/// [`Unavailable::Store`], or [`Unavailable::Record`] for an unreadable one.
pub async fn find<T: DeserializeOwned>(
    store: &impl KeyValue,
    key: &Key,
) -> Result<Option<T>, Unavailable> {
    store
        .get(key)
        .await?
        .map(|bytes| decode(&bytes))
        .transpose()
}
