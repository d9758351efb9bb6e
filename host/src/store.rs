//! The key-value stores: in SQLite, or in Redis.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::sleep;

mod file;
pub(crate) mod redis;
pub(crate) mod sqlite;

use self::redis::RedisStore;
use self::sqlite::SqliteStore;
use crate::faults::OnPurpose;

/// How often to check whether a store opens.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The stores that exist, by label.
pub(crate) type Stores = BTreeMap<String, Store>;

/// One store. SQLite blocks, so the thread's other tasks move to another thread.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub enum Store {
    Sqlite(SqliteStore),
    Redis(RedisStore),
}

/// Why a store call failed.
#[derive(Debug)]
pub(crate) enum StoreError {
    Sqlite(rusqlite::Error),
    Redis(::redis::RedisError),
    /// The file stays in another journal mode: its file system does not allow WAL.
    NotWal(String),
    /// The file was deleted, or another one is where it was.
    NotInPlace,
    /// `increment` met a value that is not 8 bytes long. Spin's store panics here; this one does not.
    NotACounter,
    /// `increment` would leave the range of an `i64`.
    Overflow,
    /// An injected fault, in tests.
    OnPurpose,
    /// A call that fails on Spin's store of this kind, too.
    NotSupported,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => write!(f, "{error}"),
            Self::Redis(error) => write!(f, "{error}"),
            Self::NotWal(mode) => write!(
                f,
                "its journal mode stays `{mode}`: the file system does not support WAL"
            ),
            Self::NotInPlace => f.write_str("its file was deleted or replaced"),
            Self::NotACounter => f.write_str("the value to increment is not a counter"),
            Self::Overflow => f.write_str("the counter is full"),
            Self::OnPurpose => f.write_str("failed on purpose"),
            Self::NotSupported => f.write_str("Spin's store of this kind does not support that"),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<::redis::RedisError> for StoreError {
    fn from(error: ::redis::RedisError) -> Self {
        Self::Redis(error)
    }
}

impl From<OnPurpose> for StoreError {
    fn from(OnPurpose: OnPurpose) -> Self {
        Self::OnPurpose
    }
}

type Result<T, E = StoreError> = std::result::Result<T, E>;

impl Store {
    /// Waits until the store opens. As on Spin, a caller does not learn meanwhile that Redis is away.
    pub(crate) async fn until_it_opens(&self) {
        while !self.opens().await {
            sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn opens(&self) -> bool {
        match self {
            Self::Sqlite(store) => !store.is_stalled(),
            Self::Redis(store) => store.answers().await,
        }
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.get(key)),
            Self::Redis(store) => store.get(key).await,
        }
    }

    pub(crate) async fn set(&self, key: &str, value: &[u8]) -> Result<()> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.set(key, value)),
            Self::Redis(store) => store.set(key, value).await,
        }
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.delete(key)),
            Self::Redis(store) => store.delete(key).await,
        }
    }

    pub(crate) async fn exists(&self, key: &str) -> Result<bool> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.exists(key)),
            Self::Redis(store) => store.exists(key).await,
        }
    }

    /// Adds to a counter (absent is 0) and returns the new value, in one transaction.
    pub(crate) async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.increment(key, delta)),
            Self::Redis(store) => store.increment(key, delta).await,
        }
    }

    /// The values of the keys that exist.
    pub(crate) fn get_many(&self, keys: Vec<String>) -> Result<Vec<(String, Option<Vec<u8>>)>> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.get_many(keys)),
            // Spin would use `KEYS`, which takes one pattern.
            Self::Redis(_) => Err(StoreError::NotSupported),
        }
    }

    /// Writes all or, on an error, none.
    pub(crate) async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<()> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.set_many(entries)),
            Self::Redis(store) => store.set_many(entries).await,
        }
    }

    /// Deletes all or, on an error, none.
    pub(crate) async fn delete_many(&self, keys: &[String]) -> Result<()> {
        match self {
            Self::Sqlite(store) => block_in_place(|| store.delete_many(keys)),
            Self::Redis(store) => store.delete_many(keys).await,
        }
    }
}
