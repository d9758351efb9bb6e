//! An administrator stops a recovery.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::testing::{App, Call, block_on};

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

fn stop_call(app: &App) -> Call {
    let path = "/v1/admin/users/ann/challenge?reason=not%20them";
    app.call(path, Value::Null).by("DELETE")
}

#[track_caller]
fn stop(app: &App) {
    let _ = app.make(&stop_call(app)).expect(204);
}

fn stops(app: &App) -> Vec<Value> {
    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    let mut events = events["events"].as_array().unwrap().clone();
    events.retain(|event| event["type"] == "recovery.stopped");
    events
}

#[test]
fn the_link_and_the_code_are_good_for_nothing_and_sessions_go_on() {
    let app = with_ann();
    let epoch =
        |app: &App| app.sign_in(App::EMAIL, App::PASSWORD).json()["credential_epoch"].clone();
    let before = epoch(&app);
    let recovery = app.recover();
    stop(&app);
    assert_eq!(app.check(&recovery.link).status, 400);
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    assert_eq!(app.verify_for(App::EMAIL, &recovery.code).status, 400);
    assert_eq!(app.cancel(&recovery.cancel).status, 400);
    let shown = app.make(&Call::get("/v1/admin/users/ann/challenge"));
    assert_eq!(shown.json()["challenge"], Value::Null);
    assert_eq!(epoch(&app), before);
    assert_eq!(stops(&app)[0]["reason"], "not them");
    assert_eq!(stops(&app)[0]["actor"]["kind"], "administrator");
}

#[test]
fn a_reset_token_for_the_code_is_good_for_nothing_however_long_it_would_live() {
    let app = with_ann();
    app.env.variables.set("link_ttl_seconds", "60");
    app.env.variables.set("reset_token_ttl_seconds", "3600");
    let recovery = app.recover();
    app.advance(599);
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let token = token.expect(200).text("reset_token");
    app.advance(3_000);
    let unharmed = app.fork();
    assert_eq!(unharmed.reset(&token, App::NEW_PASSWORD).status, 204);
    stop(&app);
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 400);
    assert_eq!(stops(&app).len(), 1);
}

#[test]
fn without_a_recovery_the_answer_is_the_same_and_nothing_is_noted() {
    let app = with_ann();
    stop(&app);
    let recovery = app.recover();
    stop(&app);
    stop(&app);
    assert_eq!(stops(&app).len(), 1);
    app.advance(60);
    let expired = app.fork();
    let _ = expired.recover();
    expired.advance(1_200);
    stop(&expired);
    let cancelled = app.fork();
    let _ = cancelled.cancel(&cancelled.recover().cancel).expect(204);
    stop(&cancelled);
    let used = app.fork();
    let link = used.recover().link;
    let _ = used.reset(&link, App::NEW_PASSWORD).expect(204);
    stop(&used);
    for app in [&expired, &cancelled, &used] {
        assert_eq!(stops(app).len(), 1);
    }
    assert!(used.knows(App::NEW_PASSWORD));
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    let unknown = app.call("/v1/admin/users/eve/challenge", Value::Null);
    assert_eq!(app.make(&unknown.by("DELETE")).status, 404);
}

#[test]
fn a_mail_that_has_not_gone_out_stays_where_it_is() {
    let app = with_ann();
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    app.env.http.answer_with(503, None);
    let (_, deferred) = app.answer(&forgot);
    block_on(after_response::run(&app.env, deferred));
    let _ = app.take_mails();
    stop(&app);
    app.env.http.answer_with(200, None);
    app.run_courier_for(10);
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.emails_in("expired").len(), 1);
}

#[test]
fn the_next_request_after_the_cooldown_brings_a_mail_that_works() {
    let app = with_ann();
    let stopped = app.recover();
    stop(&app);
    let _ = app.forgot(App::EMAIL).expect(202);
    assert_eq!(app.take_mails(), []);
    app.advance(60);
    let newer = app.recover();
    assert_eq!(app.reset(&stopped.link, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.reset(&newer.link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn what_it_writes_goes_in_time() {
    let app = with_ann();
    let _ = app.recover();
    stop(&app);
    let fresh = with_ann();
    for _ in 0..91 {
        app.advance(86_400);
        let _ = app.run_courier();
        fresh.advance(86_400);
        let _ = fresh.run_courier();
    }
    assert_eq!(app.left_over(&fresh), Vec::<String>::new());
}
