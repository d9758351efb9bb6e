//! An agenda that an older version left.

use serde_json::{Value, json};

use super::*;
use crate::ports::Clock as _;
use crate::testing::{App, block_on};

const DAY: u64 = 86_400;

/// Puts `task` where the older version did, due in this many seconds.
fn place(app: &App, seconds: u64, task: &Value) {
    let store = &app.env.store;
    let due_at = app.env.clock.now().plus(Duration::from_secs(seconds));
    let minute = due_at.unix_minutes();
    block_on(async {
        let slot = store.increment(&keys::legacy_slots('t', minute), 1).await;
        let entry = json!({"v": 1, "record": {"due_at": due_at, "task": task}});
        let mark = b"{\"v\":1}".to_vec();
        let writes = vec![
            (
                keys::legacy_agenda('t', minute, slot.unwrap()),
                entry.to_string().into_bytes(),
            ),
            (keys::legacy_agenda_hour(minute / 60), mark.clone()),
            (keys::legacy_agenda_day(day_of(minute)), mark),
        ];
        store.set_many(writes).await.unwrap();
        let cursor = json!({"v": 1, "record": {"minute": app.env.clock.now().unix_minutes()}});
        let write = (
            keys::legacy_agenda_cursor(),
            cursor.to_string().into_bytes(),
        );
        store.set_many(vec![write]).await.unwrap();
    });
}

/// What is left of the older agenda.
fn left(app: &App) -> Vec<String> {
    let mut names = app.env.store.names();
    let old = ["v1:agenda-", "v1:agenda:", "v1:slots:"];
    names.retain(|name| old.iter().any(|kind| name.starts_with(kind)));
    names
}

#[test]
fn its_entries_are_done_in_time_and_nothing_of_it_is_left() {
    let app = App::default();
    let key = |name: &str| keys::decoy(name.len()).as_str().to_owned();
    for name in ["a", "bb"] {
        let write = (keys::decoy(name.len()), b"{}".to_vec());
        block_on(app.env.store.set_many(vec![write])).unwrap();
    }
    place(&app, 60, &json!({"forget": {"keys": [key("a")]}}));
    place(&app, 80 * DAY, &json!({"forget": {"keys": [key("bb")]}}));
    app.advance(120);
    let _ = app.run_courier();
    assert_eq!(left(&app), Vec::<String>::new());
    assert_eq!(app.env.store.bytes(&key("a")), None);
    assert!(app.env.store.bytes(&key("bb")).is_some());
    app.advance(82 * DAY);
    let _ = app.run_courier();
    assert_eq!(app.env.store.bytes(&key("bb")), None);
}

#[test]
fn a_recovery_that_waited_in_it_is_mailed() {
    let app = App::with_account();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    // The sealed request as the older version stored it.
    let entry = app.env.store.bytes("v1:entry:r:1").unwrap();
    let entry: Value = serde_json::from_slice(&entry).unwrap();
    let request = entry["record"]["tasks"][0]["task"]["recover"]["request"].clone();
    let gone = vec![keys::entry(Lane::Requests, 1).into()];
    block_on(app.env.store.delete_many(gone)).unwrap();
    place(&app, 1, &json!({"recover": {"request": request}}));
    app.advance(61);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
    assert_eq!(left(&app), Vec::<String>::new());
}

#[test]
fn a_crash_while_it_moves_in_loses_nothing() {
    for operations in (0..1_000).step_by(13) {
        let app = App::default();
        let write = (keys::decoy(1), b"{}".to_vec());
        block_on(app.env.store.set_many(vec![write])).unwrap();
        let name = keys::decoy(1).as_str().to_owned();
        place(&app, 60, &json!({"forget": {"keys": [name]}}));
        app.advance(120);
        let now = app.env.clock.now();
        app.env.store.halt_after(Some(operations));
        let halted = || !app.env.store.is_halted();
        let ended = crate::testing::run_while(move_in(&app.env, now), halted).is_some();
        app.env.store.halt_after(None);
        app.advance(180);
        let _ = app.run_courier();
        app.advance(180);
        let _ = app.run_courier();
        assert_eq!(app.env.store.bytes(&name), None, "after {operations}");
        assert_eq!(left(&app), Vec::<String>::new(), "after {operations}");
        if ended {
            return;
        }
    }
    panic!("no end");
}
