//! The file that the app's store is, for what no answer tells: how something lies there at rest.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

/// The file's name within the state folder, on a Spin as on the embedded host.
const NAME: &str = "sqlite_key_value.db";

/// The text under a key, read beside the running app. It only reads, and waits for the file if it is locked.
pub(super) fn find(state_folder: &Path, key: &str) -> Option<String> {
    let path = state_folder.join(NAME);
    let file = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let select = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?";
    let value: Option<Vec<u8>> = file
        .query_row(select, [key], |row| row.get(0))
        .optional()
        .expect("the store's file has Spin's table");
    value.map(|value| String::from_utf8(value).expect("the value is text"))
}
