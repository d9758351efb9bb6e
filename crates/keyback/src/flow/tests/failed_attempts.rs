//! A wrong code, password, token or key leaves a log line and a count, and a warning if there are too many.

use serde_json::{Value, json};

use crate::testing::{App, Call, other_than};

const WRONG_KEY: &str = "Bearer kb_all_00000000000000000000000000000000";

fn warnings(app: &App) -> Vec<Value> {
    let health = app.make(&Call::get("/v1/health")).expect(200).json();
    health["warnings"].as_array().cloned().unwrap_or_default()
}

fn with_wrong_key(app: &App, path: &str) -> u16 {
    let call = app.call(path, json!({})).with_authorization(WRONG_KEY);
    app.make(&call).status
}

/// The kinds of attempts in the log.
fn kinds(app: &App) -> Vec<String> {
    let lines = app.env.log.lines().into_iter();
    let lines = lines.filter(|line| line.starts_with("attempt-failed "));
    let kind = |line: String| line.rsplit_once("kind=").unwrap().1.to_owned();
    lines.map(kind).collect()
}

#[test]
fn each_failed_attempt_is_one_line_without_what_was_tried() {
    let app = App::with_account();
    let recovery = app.recover();
    let wrong = other_than(&recovery.code);
    let _ = app.verify(&recovery.challenge_id, &wrong).expect(400);
    let _ = app.verify("unknown", &wrong).expect(400);
    let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    let _ = app.sign_in(App::NOBODY, App::NEW_PASSWORD).expect(401);
    let token = "A".repeat(64);
    let _ = app.reset(&token, App::NEW_PASSWORD).expect(400);
    let _ = app.cancel(&token).expect(400);
    assert_eq!(with_wrong_key(&app, "/v1/admin/users"), 401);
    assert_eq!(with_wrong_key(&app, "/v1/courier/run"), 401);
    assert_eq!(
        kinds(&app),
        [
            "code", "code", "password", "password", "token", "token", "api-key", "api-key"
        ]
    );
    let log = app.env.log.lines().join("\n");
    for secret in [
        &*wrong,
        &token,
        App::NEW_PASSWORD,
        App::EMAIL,
        App::NOBODY,
        "kb_all",
        &recovery.challenge_id,
        "192.0.2",
    ] {
        assert!(!log.contains(secret), "{secret}");
    }
    assert_eq!(warnings(&app), [] as [Value; 0]);
}

#[test]
fn what_is_right_and_who_brings_no_key_leave_nothing() {
    let app = App::with_account();
    let recovery = app.recover();
    let _ = app
        .verify(&recovery.challenge_id, &recovery.code)
        .expect(200);
    assert!(app.knows(App::PASSWORD));
    for nothing in ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz"] {
        let call = app.call("/v1/admin/users", json!({}));
        let _ = app.make(&call.with_authorization(nothing)).expect(401);
    }
    assert_eq!(kinds(&app), [""; 0]);
}

#[test]
fn a_wrong_token_in_the_url_of_the_courier_counts_as_a_wrong_key_and_none_counts_as_nothing() {
    let app = App::default();
    let run = |query: &str| {
        let call = Call::get(&format!("/v1/courier/run{query}"));
        app.make(&call.with_authorization("")).status
    };
    assert_eq!(run("?token=guess"), 405, "it is not set");
    assert_eq!(kinds(&app), [""; 0]);
    let token = "a-token-that-nobody-guesses-0123456789abcdef";
    app.env.variables.set("courier_url_token", token);
    assert_eq!(run(""), 401);
    assert_eq!(run("?token="), 401);
    assert_eq!(run(&format!("?token={token}")), 204);
    assert_eq!(kinds(&app), [""; 0]);
    for number in 1..=201 {
        let expected = if number <= 200 { 401 } else { 429 };
        assert_eq!(run("?token=guess"), expected, "{number}");
    }
    assert_eq!(kinds(&app), ["api-key"; 201]);
    assert_eq!(warnings(&app), ["wrong API keys: more than 100 in an hour"]);
    app.advance(31);
    assert_eq!(run(&format!("?token={token}")), 204);
    let log = app.env.log.lines().join("\n");
    assert!(!log.contains("guess"), "{log}");
}

#[test]
fn a_client_with_too_many_wrong_keys_is_told_to_wait_and_a_right_key_from_there_works() {
    let app = App::default();
    for number in 1..=300 {
        let expected = if number <= 200 { 401 } else { 429 };
        assert_eq!(
            with_wrong_key(&app, "/v1/admin/users"),
            expected,
            "{number}"
        );
    }
    // From the portal behind the same address, and from a stranger elsewhere.
    let _ = app.run_courier();
    app.come_from("198.51.100.7:1");
    assert_eq!(with_wrong_key(&app, "/v1/admin/users"), 401);
    assert_eq!(warnings(&app), ["wrong API keys: more than 100 in an hour"]);
    app.advance(61);
    app.come_from("192.0.2.1:1");
    assert_eq!(with_wrong_key(&app, "/v1/admin/users"), 401);
}

#[test]
fn a_right_key_costs_no_count() {
    let app = App::default();
    let _ = app.run_courier();
    let _ = app.env.store.take_operations();
    let _ = app.make(&Call::get("/v1/admin/emails")).expect(200);
    let operations = app.env.store.take_operations();
    let counts = operations.iter().filter(|it| it.contains("wrong-api-keys"));
    assert_eq!(counts.count(), 0, "{operations:?}");
}

#[test]
fn a_spray_from_everywhere_is_warned_of_for_an_hour_or_two_and_leaves_nothing() {
    let app = App::with_account();
    for number in 0..=100 {
        app.come_from(&format!("10.1.0.{number}:1"));
        assert_eq!(warnings(&app), [] as [Value; 0], "{number}");
        let _ = app.verify("unknown", "000000").expect(400);
    }
    assert_eq!(warnings(&app), ["wrong codes: more than 100 in an hour"]);
    app.advance(3_600);
    assert_eq!(warnings(&app).len(), 1);
    app.advance(3_600);
    assert_eq!(warnings(&app), [] as [Value; 0]);
    app.run_courier_for(150);
    let fresh = App::with_account();
    assert_eq!(warnings(&fresh), [] as [Value; 0]);
    fresh.run_courier_for(150);
    assert_eq!(app.left_over(&fresh), [""; 0]);
}

#[test]
fn an_outage_of_the_counter_lets_nobody_in_and_refuses_nobody_else() {
    let app = App::default();
    app.env.store.fail_after(Some(0));
    assert_eq!(with_wrong_key(&app, "/v1/admin/users"), 401);
}
