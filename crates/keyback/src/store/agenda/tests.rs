//! Entries, and what happens to them over time.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::store::keys::Key;
use crate::testing::{App, block_on};

fn settled(app: &App) -> i64 {
    let state = block_on(State::load(&app.env.store)).unwrap();
    state.settled(Lane::Tasks)
}

fn head_of(app: &App) -> i64 {
    block_on(head(&app.env.store, Lane::Tasks)).unwrap()
}

/// Draws a number, and never writes its entry.
fn leave_a_gap(app: &App) -> Place {
    block_on(Place::take(&app.env.store, Lane::Tasks)).unwrap()
}

fn write(app: &App, place: Place, bytes: &[u8]) {
    let write = (Key::forged(place.key().as_str()), bytes.to_vec());
    block_on(app.env.store.set_many(vec![write])).unwrap();
}

/// Changes the password of a new account by a call that crashes: its email is left to the courier.
fn leave_a_mail(app: &App, id: &str) {
    let body = json!({"id": id, "email": format!("{id}@example.test")});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let body = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
    let path = format!("/v1/admin/users/{id}/reset-password");
    let (reply, _crashed) = app.answer(&app.call(&path, body));
    let _ = reply.expect(200);
}

fn come_in(app: &App, minutes: u64) {
    app.advance(60 * minutes);
    let _ = app.run_courier();
}

#[test]
fn a_number_without_an_entry_is_in_the_way_for_two_minutes_at_most() {
    let app = App::with_account();
    let gap = leave_a_gap(&app);
    leave_a_mail(&app, "bob");
    let _ = app.run_courier();
    assert!(
        settled(&app) < gap.number,
        "its writer may be about to write"
    );
    come_in(&app, 1);
    assert_eq!(app.take_mails().len(), 1, "nobody waits for it");
    come_in(&app, 1);
    assert_eq!(settled(&app), head_of(&app));
}

#[test]
fn an_entry_that_is_written_late_is_worked_nevertheless() {
    let app = App::with_account();
    leave_a_mail(&app, "bob");
    let last = Place {
        lane: Lane::Tasks,
        number: head_of(&app),
    };
    let bytes = app.env.store.bytes(last.key().as_str()).unwrap();
    block_on(app.env.store.delete_many(vec![last.key().into()])).unwrap();
    app.advance(100);
    let _ = app.run_courier();
    assert_eq!(app.take_mails(), []);
    write(&app, last, &bytes);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn a_number_that_a_wrong_clock_saw_first_is_in_the_way_for_two_minutes_at_most() {
    let app = App::with_account();
    let _ = leave_a_gap(&app);
    app.advance(86_400);
    let _ = app.run_courier();
    app.env.clock.set_back(Duration::from_hours(24));
    for _ in 0..3 {
        come_in(&app, 1);
    }
    assert_eq!(settled(&app), head_of(&app));
}

#[test]
fn an_entry_that_cannot_be_read_is_given_up_after_a_day_and_is_in_nobodys_way() {
    let app = App::with_account();
    let place = leave_a_gap(&app);
    write(
        &app,
        place,
        br#"{"v":9,"record":{"from":"a later version"}}"#,
    );
    leave_a_mail(&app, "bob");
    come_in(&app, 1);
    assert_eq!(app.take_mails().len(), 1);
    for _ in 0..22 {
        come_in(&app, 60);
    }
    assert!(settled(&app) < place.number, "a later version may read it");
    assert!(app.env.store.bytes(place.key().as_str()).is_some());
    for _ in 0..3 {
        come_in(&app, 60);
    }
    assert_eq!(settled(&app), head_of(&app));
    assert_eq!(app.env.store.bytes(place.key().as_str()), None);
}

#[test]
fn what_was_parked_comes_back_in_time() {
    let app = App::with_account();
    app.env.http.answer_with(503, Some("7200"));
    leave_a_mail(&app, "bob");
    come_in(&app, 1);
    assert_eq!(app.take_mails().len(), 1);
    for _ in 0..5 {
        come_in(&app, 1);
    }
    assert_eq!(settled(&app), head_of(&app), "all is parked");
    app.env.http.answer_with(200, None);
    come_in(&app, 90);
    assert_eq!(app.take_mails(), []);
    let before = app.env.clock().now();
    come_in(&app, 30);
    assert_eq!(app.take_mails().len(), 1, "{before:?}");
}
