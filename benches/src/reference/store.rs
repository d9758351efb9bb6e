//! The store on SQLite, in the table layout of Spin's own, which counts its operations.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use keyback::ports::{KeyValue, Outage};
use keyback::store::keys::{AnyKey, CounterKey, Key};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (store, key)
)";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?1";
const EXISTS: &str = "SELECT 1 FROM spin_key_value WHERE store = 'default' AND key = ?1";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = 'default' AND key = ?1";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES ('default', ?1, ?2)
    ON CONFLICT (store, key) DO UPDATE SET value = ?2";

/// One connection behind one mutex, as Spin has it. Each changing operation is one durable transaction.
pub(super) struct SqliteStore {
    connection: Mutex<Connection>,
    changes: AtomicU64,
    reads: AtomicU64,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is created.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let connection = Connection::open(folder.join("sqlite_key_value.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute(CREATE, [])?;
        Ok(Self {
            connection: Mutex::new(connection),
            changes: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        })
    }

    /// How many operations changed the store, and how many read it, since it was opened.
    pub(super) fn counts(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.changes), count(&self.reads))
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Outage> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        read(&self.lock()).map_err(|error| outage(&error))
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Outage> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        let mut connection = self.lock();
        let run = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let changed = change(&transaction)?;
            transaction.commit()?;
            Ok(changed)
        };
        run().map_err(|error| outage(&error))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic leaves no transaction open: dropping one rolls it back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyValue for SqliteStore {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Outage> {
        self.read(|connection| find(connection, key.as_str()))
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Outage> {
        self.read(|connection| connection.prepare_cached(EXISTS)?.exists([key.as_str()]))
    }

    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Outage> {
        self.change(|connection| {
            let mut set = connection.prepare_cached(SET)?;
            for (key, value) in entries {
                set.execute((key.as_str(), value))?;
            }
            Ok(())
        })
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Outage> {
        self.change(|connection| {
            let mut delete = connection.prepare_cached(DELETE)?;
            for key in keys {
                delete.execute([key.as_str()])?;
            }
            Ok(())
        })
    }

    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Outage> {
        self.change(|connection| {
            let old = find(connection, key.as_str())?
                .and_then(|value| value.try_into().ok())
                .map_or(0, i64::from_le_bytes);
            let new = old.saturating_add(delta);
            connection
                .prepare_cached(SET)?
                .execute((key.as_str(), new.to_le_bytes()))?;
            Ok(new)
        })
    }
}

fn find(connection: &Connection, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(GET)?
        .query_row([key], |row| row.get(0))
        .optional()
}

fn outage(error: &rusqlite::Error) -> Outage {
    Outage::Store(error.to_string())
}
