//! New passwords are checked against breached ones, by the first five digits of their SHA-1.

use serde_json::{Value, json};

use crate::{
    app::{App, BreachList, Caller as _, User, strong_password},
    v1::admin::users::events::wait_for_events,
};

const PASSWORD: &str = "copper lantern drifts north";
/// The first five digits of its SHA-1 (`printf 'copper lantern drifts north' | sha1sum`), and the rest.
const RANGE: &str = "/range/69AFA";
const REST: &str = "438A1EEE8E19B20C7E1BF6977519DA6A077";

#[test]
fn a_breached_password_is_refused_and_another_one_taken() {
    // As long as the longest ranges: thousands of lines.
    let others = "003D68EB55068C33ACE09247EE4C639306B:3\r\n".repeat(2_000);
    let list = BreachList::answering(200, format!("{others}{REST}:2\r\n"));
    let app = list.asked_by(App::builder()).start();
    let policy = app.visitor().get("/v1/password-policy").expect_json(200);
    assert_eq!(policy["breach_check"], true);

    let user = app.create_user();
    let before = list.asked().len();
    let token = app.recover(&user).mail.link_token();
    let refused = app.visitor().reset_password(&token, PASSWORD);
    assert_eq!(refused.expect_violations(), ["breached"]);
    assert_eq!(list.asked()[before..], [RANGE]);

    let password = strong_password();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.assert_signs_in(&user, &password);
    assert_eq!(breach_check(&app, &user), "passed");
    assert!(!app.log().contains(&REST[..8]), "{}", app.log());
}

#[test]
fn a_list_that_fails_stops_nobody_and_the_event_says_so() {
    let list = BreachList::answering(503, "");
    let app = list.asked_by(App::builder()).start();
    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    app.visitor()
        .reset_password(&token, PASSWORD)
        .expect_nothing();
    app.assert_signs_in(&user, PASSWORD);
    assert_eq!(breach_check(&app, &user), "unavailable");
}

#[test]
fn a_right_password_that_became_known_must_be_changed_at_the_next_sign_in() {
    let list = BreachList::answering(200, format!("{REST}:2\r\n"));
    let app = list
        .asked_by(App::builder())
        .variable("password_breach_check", "off")
        .start();
    let user = app.create_user();
    let portal = app.portal();
    let token = app.recover(&user).mail.link_token();
    app.visitor()
        .reset_password(&token, PASSWORD)
        .expect_nothing();
    portal.sign_in(&user.email, PASSWORD).expect_json(200);
    assert_eq!(list.asked(), Vec::<String>::new());

    let app = list.asked_by(app.stop()).start();
    let portal = app.portal();
    let first = portal.sign_in(&user.email, PASSWORD).expect_json(200);
    assert!(first["password_change"].is_null(), "{first}");
    // Created, asked, changed, signed out everywhere; found, and to be changed.
    let events = wait_for_events(&app, &user.id, 6);
    assert_eq!(events[0]["type"], "password.change_required");
    assert_eq!(events[1]["type"], "password.breached");
    assert_eq!(events[1]["actor"], json!({ "kind": "system" }));
    let second = portal.sign_in(&user.email, PASSWORD).expect_json(200);
    assert_eq!(second["password_change"]["reason"], "must-change");
    assert_eq!(second["credential_epoch"], first["credential_epoch"]);
    // Asked once a day, and not at all where the change is required already.
    assert_eq!(list.asked(), [RANGE]);
    assert!(!app.log().contains(&REST[..8]), "{}", app.log());
}

/// The breach check's result in the newest event that set a password.
fn breach_check(app: &App, user: &User) -> Value {
    // Created, asked, changed, and signed out everywhere.
    let events = wait_for_events(app, &user.id, 4);
    let mut changes = events
        .iter()
        .filter(|event| event["type"] == "password.changed");
    changes.next().expect("it was set")["breach_check"].clone()
}
