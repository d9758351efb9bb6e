//! The version of the store's format: a newer Keyback migrates an older store, and an older Keyback refuses a newer one.
//!
//! One record has the version. An instance reads it before its first other call to the store. A store without it is
//! either new or was written by a Keyback without versions: both have format 1. The first write of a newer Keyback
//! raises the version before it writes anything else, so an older one stops at once. The courier then migrates the
//! existing records.
//!
//! A migration runs while requests are served, and may be interrupted or repeated. So the version that introduces it
//! must read records of both formats, and each step must be safe to repeat.

use std::cell::Cell;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::base::keys::{AnyKey, CounterKey, Key};
use crate::ports::{KeyValue, Unavailable};
use crate::store::{keys, record};

/// The steps from one format to the next.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait Migrations {
    /// The format that this version writes. It refuses stores with a newer one.
    const NEWEST: u32;

    /// Migrates the records of format `to - 1` to format `to`.
    ///
    /// # Errors
    /// [`Unavailable`] of the store. The step is repeated by the next run.
    async fn step(store: &impl KeyValue, to: u32) -> Result<(), Unavailable>;
}

/// Keyback's own. There has been only one format so far, so there are no steps.
#[derive(Debug, Clone, Copy)]
pub struct Formats;

impl Migrations for Formats {
    const NEWEST: u32 = 1;

    async fn step(_: &impl KeyValue, _: u32) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// The format of a store that has no such record.
const UNVERSIONED: u32 = 1;

/// The record under `v1:format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Format {
    version: u32,
    /// The format that some records may still have, while a migration is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    migrating_from: Option<u32>,
}

async fn find(store: &impl KeyValue) -> Result<Option<Format>, Unavailable> {
    record::find(store, &keys::format()).await
}

async fn save(store: &impl KeyValue, format: Format) -> Result<(), Unavailable> {
    let write = (keys::format(), record::encode(&format)?);
    store.set_many(vec![write]).await
}

/// Runs the steps that are left after a newer version's first write: for the courier. It reads the record only if there
/// is any step.
///
/// # Errors
/// [`Unavailable`] of the store, or of a step. The next run continues from there.
pub async fn migrate<M: Migrations>(store: &impl KeyValue) -> Result<(), Unavailable> {
    if M::NEWEST == UNVERSIONED {
        return Ok(());
    }
    let Some(Format {
        version,
        migrating_from: Some(from),
    }) = find(store).await?
    else {
        return Ok(());
    };
    for to in from.saturating_add(1)..=version.min(M::NEWEST) {
        M::step(store, to).await?;
        let rest = Some(to).filter(|done| *done < version);
        let format = Format {
            version,
            migrating_from: rest,
        };
        save(store, format).await?;
    }
    Ok(())
}

/// What an instance knows of the store's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Known {
    /// The record has not been read yet.
    #[default]
    Unread,
    /// The version has not been raised, or not yet written.
    Older(u32),
    /// It is this version's.
    Current,
}

/// What the requests of one instance know of the store's format. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Knowledge(Rc<Cell<Known>>);

/// A store whose format is checked before it is used, once per instance. Every call to a store of a newer format fails.
#[derive(Debug)]
pub struct Checked<S> {
    store: S,
    newest: u32,
    known: Knowledge,
}

impl<S: KeyValue> Checked<S> {
    /// Checks `store` unless another request of the instance has already done so.
    pub fn new<M: Migrations>(store: S, known: Knowledge) -> Self {
        Self {
            store,
            newest: M::NEWEST,
            known,
        }
    }

    /// The store, if its format can be read. Concurrent requests may each read the record.
    async fn for_reading(&self) -> Result<&S, Unavailable> {
        if self.known.0.get() == Known::Unread {
            let found = find(&self.store).await?;
            let version = found.map_or(UNVERSIONED, |it| it.version);
            if version > self.newest {
                return Err(Unavailable::Store(format!(
                    "it has format {version}, written by a newer version; this version reads up to {}",
                    self.newest
                )));
            }
            let is_current = found.is_some() && version == self.newest;
            self.known.0.set(if is_current {
                Known::Current
            } else {
                Known::Older(version)
            });
        }
        Ok(&self.store)
    }

    /// The store, once its version matches what is about to be written.
    async fn for_writing(&self) -> Result<&S, Unavailable> {
        let store = self.for_reading().await?;
        if let Known::Older(version) = self.known.0.get() {
            let format = Format {
                version: self.newest,
                migrating_from: Some(version).filter(|it| *it < self.newest),
            };
            save(store, format).await?;
            self.known.0.set(Known::Current);
        }
        Ok(store)
    }
}

impl<S: KeyValue> KeyValue for Checked<S> {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Unavailable> {
        self.for_reading().await?.get(key).await
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Unavailable> {
        self.for_reading().await?.exists(key).await
    }

    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable> {
        self.for_writing().await?.set_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Unavailable> {
        self.for_writing().await?.delete_many(keys).await
    }

    /// Adding zero changes nothing that depends on the format.
    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Unavailable> {
        let store = if delta == 0 {
            self.for_reading().await?
        } else {
            self.for_writing().await?
        };
        store.increment(key, delta).await
    }
}

#[cfg(test)]
mod tests;
