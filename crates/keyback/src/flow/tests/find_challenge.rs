//! An administrator sees whether a recovery is under way.

use serde_json::{Value, json};

use crate::testing::{App, Call};

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

fn challenge(app: &App) -> Value {
    let call = Call::get("/v1/admin/users/ann/challenge");
    app.make(&call).expect(200).json()["challenge"].clone()
}

#[test]
fn a_recovery_is_under_way_until_its_link_and_its_code_have_expired() {
    let app = with_ann();
    assert_eq!(challenge(&app), Value::Null);
    let _ = app.recover();
    let expected = json!({
        "issued_at": "2026-11-23T09:00:00Z",
        "expires_at": "2026-11-23T09:20:00Z",
    });
    assert_eq!(challenge(&app), expected);
    app.advance(1_200);
    assert_eq!(challenge(&app), Value::Null);
}

#[test]
fn a_used_or_cancelled_recovery_is_not_under_way() {
    let app = with_ann();
    let recovery = app.recover();
    let cancelled = app.fork();
    assert_eq!(cancelled.cancel(&recovery.cancel).status, 204);
    assert_eq!(challenge(&cancelled), Value::Null);
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
    assert_eq!(challenge(&app), Value::Null);
}

#[test]
fn after_its_code_was_used_a_recovery_is_under_way_until_the_reset_token_expires_or_is_used() {
    let app = with_ann();
    let recovery = app.recover();
    app.advance(30);
    let verified = app.verify(&recovery.challenge_id, &recovery.code);
    let token = verified.text("reset_token");
    let expected = json!({
        "issued_at": "2026-11-23T09:00:00Z",
        "expires_at": "2026-11-23T09:10:30Z",
    });
    assert_eq!(challenge(&app), expected);
    let (used, cancelled, stopped) = (app.fork(), app.fork(), app.fork());
    assert_eq!(used.reset(&token, App::NEW_PASSWORD).status, 204);
    assert_eq!(challenge(&used), Value::Null);
    assert_eq!(cancelled.cancel(&recovery.cancel).status, 204);
    assert_eq!(challenge(&cancelled), Value::Null);
    let stop = stopped
        .call("/v1/admin/users/ann/challenge", Value::Null)
        .by("DELETE");
    let _ = stopped.make(&stop).expect(204);
    assert_eq!(challenge(&stopped), Value::Null);
    app.advance(600);
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 400);
    assert_eq!(challenge(&app), Value::Null);
}

#[test]
fn of_an_unknown_account_nothing_is_told() {
    let app = App::default();
    let call = Call::get("/v1/admin/users/ann/challenge");
    assert_eq!(app.make(&call).status, 404);
}
