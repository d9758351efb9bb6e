//! The file of the app's store, for what no answer shows: how records look at rest.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde_json::Value;

/// The file's name within the state folder, on a Spin as on the embedded host.
const NAME: &str = "sqlite_key_value.db";

/// The text under a key, read beside the running app. It only reads, and waits for the file if it is locked.
pub(super) fn find(state_folder: &Path, key: &str) -> Option<String> {
    find_in(&open(state_folder, OpenFlags::SQLITE_OPEN_READ_ONLY), key)
}

fn find_in(file: &Connection, key: &str) -> Option<String> {
    let select = "SELECT value FROM spin_key_value WHERE store = 'default' AND key = ?";
    let value: Option<Vec<u8>> = file
        .query_row(select, [key], |row| row.get(0))
        .optional()
        .expect("the store's file has Spin's table");
    value.map(|value| String::from_utf8(value).expect("the value is text"))
}

/// What `PRAGMA integrity_check` says, read beside the running app.
pub(super) fn integrity(state_folder: &Path) -> String {
    let file = open(state_folder, OpenFlags::SQLITE_OPEN_READ_ONLY);
    file.query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("the store's file can be read")
}

/// All keys, read beside the running app.
pub(super) fn names(state_folder: &Path) -> Vec<String> {
    let file = open(state_folder, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let mut select = file
        .prepare("SELECT key FROM spin_key_value WHERE store = 'default' ORDER BY key")
        .expect("the store's file has Spin's table");
    let names = select.query_map([], |row| row.get(0));
    names
        .and_then(Iterator::collect)
        .expect("the store's file can be read")
}

/// Changes the JSON under a key. Nothing else may use the file at the same time.
pub(super) fn change(state_folder: &Path, key: &str, change: impl FnOnce(&mut Value)) {
    // Writable: an app that has ended leaves a WAL or a journal, which the next to open the file has to replay.
    let file = open(state_folder, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let text = find_in(&file, key).unwrap_or_else(|| panic!("nothing is stored under {key}"));
    let mut value: Value = serde_json::from_str(&text).expect("the record is JSON");
    let before = value.clone();
    change(&mut value);
    assert_ne!(value, before, "nothing was changed in {before}");
    let update = "UPDATE spin_key_value SET value = ? WHERE store = 'default' AND key = ?";
    let rows = file.execute(update, (value.to_string().into_bytes(), key));
    assert_eq!(rows, Ok(1));
}

/// Overwrites every page but the first, which has the schema: <https://www.sqlite.org/fileformat2.html>.
pub(super) fn damage(state_folder: &Path) {
    let file = open(state_folder, OpenFlags::SQLITE_OPEN_READ_WRITE);
    // Otherwise the next to open the file would take the undamaged pages from its WAL.
    file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("nobody else has the file");
    drop(file);
    let path = path(state_folder);
    let mut bytes = fs::read(&path).expect("the store has a file");
    let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
    assert!(bytes.len() > page, "there are pages to damage");
    bytes[page..].fill(0xff);
    fs::write(path, bytes).expect("the file can be written");
}

/// Puts a new file into WAL mode before a host opens it, as `scripts/prepare-store` does in a deployment on Spin.
pub(super) fn prepare(state_folder: &Path) {
    let path = path(state_folder);
    if path.exists() {
        return;
    }
    fs::create_dir_all(state_folder).expect("the temporary folder can be written");
    let file = Connection::open(path).expect("the file can be made");
    file.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
        .expect("a new file has no other user");
}

pub(super) fn path(state_folder: &Path) -> PathBuf {
    state_folder.join(NAME)
}

fn open(state_folder: &Path, flags: OpenFlags) -> Connection {
    let path = path(state_folder);
    Connection::open_with_flags(&path, flags)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
