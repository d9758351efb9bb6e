//! `scripts/prepare-store` puts the store's file into WAL mode, once, before Spin has it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::app::{App, StoreKind, workspace};

/// Spin's own table.
const CREATE: &str = "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
    PRIMARY KEY (store, key))";

fn prepare(file: &Path) -> Output {
    Command::new(workspace().join("scripts/prepare-store"))
        .arg(file)
        .output()
        .expect("the script can be run: it needs python3")
}

#[track_caller]
fn prepared(file: &Path) -> String {
    let output = prepare(file);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("it says what it did")
}

#[track_caller]
fn refused(file: &Path) -> String {
    let output = prepare(file);
    assert_eq!(output.status.code(), Some(1), "it was not refused");
    String::from_utf8(output.stderr).expect("it says why")
}

fn journal_mode(file: &Path) -> String {
    let store = Connection::open(file).expect("the file is a database");
    store
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .expect("a database has a journal mode")
}

/// A folder, and the name of a file that is not there yet.
fn nowhere() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("sqlite_key_value.db");
    (folder, file)
}

#[test]
fn a_prepared_file_is_served_and_stays_in_wal_mode() {
    if !StoreKind::is_file() {
        return;
    }
    let app = App::builder();
    let file = app.store_file();
    let state = file.parent().expect("the file is in a folder");
    fs::create_dir(state).expect("the state folder can be made");
    assert!(prepared(&file).contains("created"));
    assert!(prepared(&file).contains("already"));

    let app = app.start();
    let user = app.create_user();
    let app = app.stop();
    assert_eq!(journal_mode(&file), "wal");
    assert!(prepared(&file).contains("already"));
    let app = app.start();
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn a_store_made_before_is_converted_and_keeps_what_is_in_it() {
    let (_folder, file) = nowhere();
    let store = Connection::open(&file).expect("a database can be made");
    store.execute(CREATE, []).expect("the table can be made");
    let insert = "INSERT INTO spin_key_value VALUES ('default', 'key', x'01')";
    store.execute(insert, []).expect("a row can be added");
    // An idle store holds no lock, but is in use all the same.
    assert!(refused(&file).contains("in use"));
    drop(store);
    assert_eq!(journal_mode(&file), "delete");

    assert!(prepared(&file).contains("was delete"));
    assert_eq!(journal_mode(&file), "wal");
    let store = Connection::open(&file).expect("the file is a database");
    let rows = store.query_row("SELECT count(*) FROM spin_key_value", [], |row| row.get(0));
    assert_eq!(rows, Ok(1));
}

#[test]
fn the_file_of_a_running_app_is_refused() {
    if !StoreKind::is_file() {
        return;
    }
    let app = App::start();
    let user = app.create_user();
    assert!(refused(&app.store_file()).contains("in use"));
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let (folder, file) = nowhere();
    for content in ["hello\n", ""] {
        fs::write(&file, content).expect("the file can be written");
        assert!(refused(&file).contains("not an SQLite file"));
        let left = fs::read_to_string(&file).expect("the file is still there");
        assert_eq!(left, content);
        fs::remove_file(&file).expect("the file can be deleted");
    }

    let other = Connection::open(&file).expect("a database can be made");
    other
        .execute("CREATE TABLE spin_key_value (key TEXT, value BLOB)", [])
        .expect("the table can be made");
    drop(other);
    let before = fs::read(&file).expect("the file can be read");
    assert!(refused(&file).contains("not a Spin store"));
    assert_eq!(fs::read(&file).expect("the file can be read"), before);

    assert!(refused(folder.path()).contains("is not a file"));
    let lost = folder.path().join("nowhere/sqlite_key_value.db");
    assert!(refused(&lost).contains("its folder does not exist"));
    // Nothing half made is left behind.
    let left = fs::read_dir(folder.path()).expect("the folder can be listed");
    assert_eq!(left.count(), 1);
}
