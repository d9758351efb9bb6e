//! A store in SQLite, in the table layout of Spin's own, so that a file can move from one to the other.
//!
//! As on Spin there is one connection behind one mutex, and a write is on the disk when it returns. A file is in WAL
//! mode, in which a write costs one sync instead of four. A file of Spin's is too, once `scripts/prepare-store` has
//! converted it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::file::StoreFile;
use super::{Result, StoreError};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (store, key)
)";
const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const EXISTS: &str = "SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2";
const DELETE: &str = "DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = ?3";

/// One store, named by its label. Its calls block.
#[derive(Clone)]
pub(crate) struct SqliteStore {
    label: Arc<str>,
    connection: Arc<Mutex<Connection>>,
    file: Option<Arc<StoreFile>>,
}

/// Opens a database for stores: a file, which is created if it does not exist, or else memory.
pub(crate) fn open(label: &str, file: Option<&Path>) -> Result<SqliteStore> {
    let connection = match file {
        Some(file) => open_file(file)?,
        None => Connection::open_in_memory()?,
    };
    connection.execute(CREATE, [])?;
    Ok(SqliteStore {
        label: label.into(),
        connection: Arc::new(Mutex::new(connection)),
        file: file.map(|file| StoreFile::new(file).into()),
    })
}

/// Opens a file in WAL mode. One in another mode is converted for good.
fn open_file(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::NotWal(mode));
    }
    // Spin's SQLite does this by default. With less, the machine could lose what was acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted data is overwritten: the address of a deleted account is in no free page.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(connection)
}

impl SqliteStore {
    /// Whether it does not open for now.
    pub(crate) fn is_stalled(&self) -> bool {
        let file = self.file.as_ref();
        file.is_some_and(|file| file.is_stalled())
    }

    /// The connection, unless the file is no longer the one that was opened.
    fn lock(&self) -> Result<MutexGuard<'_, Connection>> {
        let file = self.file.as_ref();
        if file.is_some_and(|file| !file.is_in_place()) {
            return Err(StoreError::NotInPlace);
        }
        // A panic leaves no transaction open (dropping it rolls it back), so the connection is still usable.
        let connection = self.connection.lock();
        Ok(connection.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let connection = self.lock()?;
        Ok(get(&connection, &self.label, key)?)
    }

    pub(crate) fn set(&self, key: &str, value: &[u8]) -> Result<()> {
        let connection = self.lock()?;
        Ok(set(&connection, &self.label, key, value)?)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<()> {
        self.lock()?
            .prepare_cached(DELETE)?
            .execute(params![self.label, key])?;
        Ok(())
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool> {
        Ok(self
            .lock()?
            .prepare_cached(EXISTS)?
            .exists(params![self.label, key])?)
    }

    /// Adds to a counter (an `i64`, little-endian; absent is 0) and returns the new value, in one transaction.
    pub(crate) fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        let mut connection = self.lock()?;
        let transaction = connection.transaction()?;
        let old = match get(&transaction, &self.label, key)? {
            Some(value) => {
                i64::from_le_bytes(value.try_into().map_err(|_| StoreError::NotACounter)?)
            }
            None => 0,
        };
        let new = old.checked_add(delta).ok_or(StoreError::Overflow)?;
        set(&transaction, &self.label, key, &new.to_le_bytes())?;
        transaction.commit()?;
        Ok(new)
    }

    /// The values of the keys that exist, in the keys' own order, as on Spin.
    pub(crate) fn get_many(&self, keys: Vec<String>) -> Result<Vec<(String, Option<Vec<u8>>)>> {
        let connection = self.lock()?;
        let mut found = Vec::new();
        for key in BTreeSet::from_iter(keys) {
            if let Some(value) = get(&connection, &self.label, &key)? {
                found.push((key, Some(value)));
            }
        }
        Ok(found)
    }

    /// Writes all or, on an error, none.
    pub(crate) fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<()> {
        let mut connection = self.lock()?;
        let transaction = connection.transaction()?;
        for (key, value) in entries {
            set(&transaction, &self.label, key, value)?;
        }
        Ok(transaction.commit()?)
    }

    /// Deletes all or, on an error, none.
    pub(crate) fn delete_many(&self, keys: &[String]) -> Result<()> {
        let mut connection = self.lock()?;
        let transaction = connection.transaction()?;
        for key in keys {
            transaction
                .prepare_cached(DELETE)?
                .execute(params![self.label, key])?;
        }
        Ok(transaction.commit()?)
    }
}

fn get(connection: &Connection, label: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached(GET)?
        .query_row(params![label, key], |row| row.get(0))
        .optional()
}

fn set(connection: &Connection, label: &str, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(SET)?
        .execute(params![label, key, value])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> SqliteStore {
        open("default", None).unwrap()
    }

    #[test]
    fn values_are_set_replaced_and_deleted() {
        let store = memory();
        assert_eq!(store.get("a").unwrap(), None);
        assert!(!store.exists("a").unwrap());

        store.set("a", b"one").unwrap();
        store.set("a", b"two").unwrap();
        assert_eq!(store.get("a").unwrap().as_deref(), Some(&b"two"[..]));
        assert!(store.exists("a").unwrap());

        store.delete("a").unwrap();
        store.delete("a").unwrap();
        assert_eq!(store.get("a").unwrap(), None);
    }

    #[test]
    fn concurrent_increments_give_each_value_once() {
        let store = memory();
        let mut values: Vec<i64> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..25)
                            .map(|_| store.increment("n", 1).unwrap())
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            racers
                .into_iter()
                .flat_map(|racer| racer.join().unwrap())
                .collect()
        });
        values.sort_unstable();
        assert_eq!(values, (1..=200).collect::<Vec<_>>());
        assert_eq!(store.increment("n", 0).unwrap(), 200);
        assert_eq!(store.increment("n", -200).unwrap(), 0);
    }

    #[test]
    fn a_counter_is_a_little_endian_i64() {
        let store = memory();
        store.increment("n", 258).unwrap();
        assert_eq!(store.get("n").unwrap().unwrap(), [2, 1, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn incrementing_what_is_no_counter_is_an_error_and_harms_nothing() {
        let store = memory();
        store.set("text", b"hello").unwrap();
        assert!(matches!(
            store.increment("text", 1),
            Err(StoreError::NotACounter)
        ));
        assert_eq!(store.get("text").unwrap().as_deref(), Some(&b"hello"[..]));

        store.set("full", &i64::MAX.to_le_bytes()).unwrap();
        assert!(matches!(
            store.increment("full", 1),
            Err(StoreError::Overflow)
        ));
        assert_eq!(store.increment("n", 1).unwrap(), 1);
    }

    #[test]
    fn batches_write_read_and_delete_many() {
        let store = memory();
        let entries = [
            ("b".to_owned(), b"2".to_vec()),
            ("a".to_owned(), b"1".to_vec()),
        ];
        store.set_many(&entries).unwrap();
        let keys = ["b", "absent", "a"].map(str::to_owned);
        let found = store.get_many(keys.to_vec()).unwrap();
        assert_eq!(
            found,
            [
                ("a".to_owned(), Some(b"1".to_vec())),
                ("b".to_owned(), Some(b"2".to_vec()))
            ]
        );

        store.delete_many(&keys).unwrap();
        assert!(!store.exists("a").unwrap());
    }

    #[test]
    fn labels_keep_their_keys_apart() {
        let store = memory();
        let other = SqliteStore {
            label: "other".into(),
            connection: Arc::clone(&store.connection),
            file: None,
        };
        store.set("a", b"1").unwrap();
        assert_eq!(other.get("a").unwrap(), None);
    }

    #[test]
    fn a_file_is_in_wal_mode_and_each_commit_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sqlite_key_value.db");
        let before = Connection::open(&file).unwrap();
        before.execute(CREATE, []).unwrap();
        set(&before, "default", "a", b"1").unwrap();
        drop(before);

        // One made before is converted, and opening it again changes nothing.
        for _ in 0..2 {
            let store = open("default", Some(&file)).unwrap();
            let pragma = |name: &str| -> rusqlite::types::Value {
                let connection = store.lock().unwrap();
                connection
                    .pragma_query_value(None, name, |row| row.get(0))
                    .unwrap()
            };
            assert_eq!(pragma("journal_mode"), "wal".to_owned().into());
            // 2 is FULL.
            assert_eq!(pragma("synchronous"), 2.into());
            assert_eq!(pragma("secure_delete"), 1.into());
            assert_eq!(store.get("a").unwrap().as_deref(), Some(&b"1"[..]));
        }
    }

    #[test]
    fn a_file_keeps_its_content_in_spins_table() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sqlite_key_value.db");
        open("default", Some(&file))
            .unwrap()
            .set("a", b"1")
            .unwrap();
        assert_eq!(
            open("default", Some(&file))
                .unwrap()
                .get("a")
                .unwrap()
                .as_deref(),
            Some(&b"1"[..])
        );

        let row =
            Connection::open(&file)
                .unwrap()
                .query_row("SELECT * FROM spin_key_value", [], |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, Vec<u8>>(2)?,
                    ))
                });
        assert_eq!(
            row.unwrap(),
            ("default".to_owned(), "a".to_owned(), b"1".to_vec())
        );
    }
}
