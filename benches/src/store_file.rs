//! A store's SQLite file, seen from outside: how many transactions have changed it.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

// Offsets in the database's header (<https://www.sqlite.org/fileformat2.html>) and in that of the WAL's index
// (<https://www.sqlite.org/walformat.html>).
const READ_VERSION_AT: u64 = 19;
const CHANGE_COUNTER_AT: u64 = 24;
const WAL_INDEX_CHANGES_AT: u64 = 8;
/// The read version of a file in WAL mode.
const WAL: u8 = 2;

/// The file of the default store, which has the same name on all hosts.
pub(crate) struct StoreFile {
    database: PathBuf,
    wal_index: PathBuf,
}

impl StoreFile {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            database: folder.join("sqlite_key_value.db"),
            wal_index: folder.join("sqlite_key_value.db-shm"),
        }
    }

    /// A counter that rises by one with each transaction that changes the store, and wraps.
    ///
    /// With a rollback journal it is in the database's header; in WAL mode, in the header of the WAL's index. A
    /// transaction that changes no page, such as the deletion of an absent key, does not count.
    pub(crate) fn transactions(&self) -> Result<u32> {
        let database = File::open(&self.database)?;
        let mut version = [0];
        database.read_exact_at(&mut version, READ_VERSION_AT)?;
        if version == [WAL]
            && let Some(changes) = self.wal_index_changes()?
        {
            return Ok(changes);
        }
        let mut counter = [0; 4];
        database.read_exact_at(&mut counter, CHANGE_COUNTER_AT)?;
        Ok(u32::from_be_bytes(counter))
    }

    fn wal_index_changes(&self) -> Result<Option<u32>> {
        let mut counter = [0; 4];
        let read = File::open(&self.wal_index)
            .and_then(|file| file.read_exact_at(&mut counter, WAL_INDEX_CHANGES_AT));
        match read {
            Ok(()) => Ok(Some(u32::from_ne_bytes(counter))),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn transactions_of_three_writes(journal_mode: &str) -> u32 {
        let folder = tempfile::tempdir().unwrap();
        let file = StoreFile::in_folder(folder.path());
        let store = Connection::open(&file.database).unwrap();
        store
            .pragma_update(None, "journal_mode", journal_mode)
            .unwrap();
        store.execute("CREATE TABLE t (n)", []).unwrap();
        let before = file.transactions().unwrap();
        for n in 0..3 {
            store.execute("INSERT INTO t VALUES (?1)", [n]).unwrap();
            store
                .query_row("SELECT count(*) FROM t", [], |_| Ok(()))
                .unwrap();
        }
        store.execute("DELETE FROM t WHERE n = 9", []).unwrap();
        file.transactions().unwrap().wrapping_sub(before)
    }

    #[test]
    fn changing_transactions_are_counted_in_both_journal_modes() {
        assert_eq!(transactions_of_three_writes("delete"), 3);
        assert_eq!(transactions_of_three_writes("wal"), 3);
    }
}
