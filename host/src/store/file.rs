//! The file that a store is in, and what may happen to it while the store is open.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// An open store's file.
pub(super) struct StoreFile {
    path: PathBuf,
    identity: Option<Identity>,
    stalled: PathBuf,
}

/// The file's device and inode.
type Identity = (u64, u64);

impl StoreFile {
    /// The file at `path`, which has just been opened.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            identity: identity(path),
            stalled: path.with_extension("stalled"),
        }
    }

    /// Whether the store does not open for now, as Spin's does not while Redis is away: a file beside it, which tests
    /// create, says so.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled.exists()
    }

    /// Whether the file is still where it was opened. SQLite would go on writing to a deleted one.
    pub(super) fn is_in_place(&self) -> bool {
        self.identity.is_some() && identity(&self.path) == self.identity
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use crate::store::StoreError;
    use crate::store::sqlite::open;

    #[test]
    fn a_file_that_was_deleted_or_replaced_is_used_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sqlite_key_value.db");
        let aside = folder.path().join("aside.db");
        let store = open("default", Some(&file)).unwrap();
        store.set("a", b"1").unwrap();

        std::fs::rename(&file, &aside).unwrap();
        assert!(matches!(store.get("a"), Err(StoreError::NotInPlace)));
        std::fs::copy(&aside, &file).unwrap();
        assert!(matches!(store.set("a", b"2"), Err(StoreError::NotInPlace)));

        std::fs::rename(&aside, &file).unwrap();
        assert_eq!(store.get("a").unwrap().as_deref(), Some(&b"1"[..]));
    }
}
