//! Webhooks send events to the portal: signed, at least once, each with its number.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::standard_webhook::WebhookSecret;
use crate::ports::{Clock as _, Env as _, NoAnswer};
use crate::testing::{App, Call};

const SECRET: &str = "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==";
const RECEIVER: &str = "portal.example.test";

fn with_receiver() -> App {
    let app = App::default();
    let variables = &app.env.variables;
    variables.set(
        "webhook_url",
        "https://portal.example.test/hooks?of=keyback",
    );
    variables.set("webhook_secret", SECRET);
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

/// What the receiver got since the last call.
fn told(app: &App) -> Vec<Value> {
    let bodies = app.take_webhooks();
    let json = |request: &::http::Request<Vec<u8>>| serde_json::from_slice(request.body()).unwrap();
    bodies.iter().map(json).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["type"].as_str().unwrap());
    kinds.collect()
}

#[test]
fn every_event_is_told_once_signed_and_numbered() {
    let app = with_receiver();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    let requests = app.take_webhooks();
    let secret = WebhookSecret::parse(SECRET).unwrap();
    let mut ids = BTreeSet::new();
    for request in &requests {
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.uri(),
            "https://portal.example.test/hooks?of=keyback"
        );
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        let id = header("webhook-id");
        assert!(ids.insert(id.to_owned()));
        let now = app.env.clock().now();
        let (time, signature) = (header("webhook-timestamp"), header("webhook-signature"));
        assert!(secret.verify(id, time, signature, request.body(), now));
    }
    let events: Vec<Value> = requests
        .iter()
        .map(|request| serde_json::from_slice(request.body()).unwrap())
        .collect();
    assert_eq!(
        kinds(&events),
        [
            "account.created",
            "recovery.requested",
            "password.changed",
            "sessions.revoked"
        ]
    );
    for (event, sequence) in events.iter().zip(1..) {
        assert_eq!(event["data"]["sequence"], sequence);
        assert_eq!(event["data"]["user_id"], "ann");
        assert!(event["timestamp"].is_string());
    }
    let shown = app.make(&Call::get("/v1/admin/users/ann")).json();
    assert_eq!(
        events[3]["data"]["credential_epoch"],
        shown["credential_epoch"]
    );
    let told = format!("{events:?}");
    for secret in [
        App::EMAIL,
        App::NEW_PASSWORD,
        &recovery.code,
        &recovery.link,
    ] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn nobody_is_told_where_there_is_no_receiver() {
    let app = App::with_account();
    let _ = app.recover();
    assert_eq!(told(&app), Vec::<Value>::new());
}

#[test]
fn what_the_receiver_does_not_take_is_told_again_under_the_same_id() {
    let app = with_receiver();
    let _ = told(&app);
    app.env.http.answer_from(RECEIVER, Ok((500, None)));
    let _ = app.recover();
    let first = app.take_webhooks();
    assert_eq!(first.len(), 1);
    app.env.http.answer_from(RECEIVER, Ok((204, None)));
    app.run_courier_for(2);
    let second = app.take_webhooks();
    assert_eq!(second.len(), 1);
    let id = |request: &::http::Request<_>| request.headers()["webhook-id"].clone();
    assert_eq!(id(&first[0]), id(&second[0]));
    assert_eq!(first[0].body(), second[0].body());
    app.run_courier_for(90);
    assert_eq!(told(&app), Vec::<Value>::new());
}

#[test]
fn a_receiver_that_never_takes_an_event_is_asked_ten_times() {
    let app = with_receiver();
    let _ = told(&app);
    // A redirect is not followed.
    app.env.http.answer_from(RECEIVER, Ok((302, None)));
    let _ = app.recover();
    app.run_courier_for(36 * 60);
    assert_eq!(told(&app).len(), 10);
    let lines = app.env.log.lines();
    let given_up = "retry=false reason=\"the receiver answered 302\"";
    assert!(
        lines.iter().any(|line| line.contains(given_up)),
        "{lines:?}"
    );
}

#[test]
fn an_event_is_told_even_if_the_process_died_after_noting_it() {
    let app = with_receiver();
    let _ = told(&app);
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.run_courier_for(3);
    assert_eq!(kinds(&told(&app)), ["recovery.requested"]);
}

#[test]
fn a_receiver_without_a_good_secret_refuses_what_would_be_told() {
    let app = with_receiver();
    app.env.variables.set("webhook_secret", "whsec_short");
    assert_eq!(app.forgot(App::EMAIL).status, 503);
    let delete = app.call("/v1/admin/users/ann", Value::Null).by("DELETE");
    assert_eq!(app.make(&delete).status, 503);
    app.env.variables.set("webhook_secret", "");
    let health = app.make(&Call::get("/v1/health")).expect(503);
    assert_eq!(health.json()["variables"], json!(["webhook_secret"]));
}

#[test]
fn a_failed_mail_is_told_of() {
    let app = with_receiver();
    let _ = told(&app);
    app.env.http.answer_from("api.resend.com", Ok((422, None)));
    let _ = app.forgot(App::EMAIL);
    let events = told(&app);
    assert_eq!(kinds(&events), ["recovery.requested", "email.failed"]);
    assert_eq!(events[1]["data"]["email"]["kind"], "recovery");
    assert_eq!(events[1]["data"]["actor"], json!({"kind": "system"}));
    assert_eq!(
        events[1]["data"]["reason"],
        "resend answered 422: it rejected this email"
    );
}

#[test]
fn a_portal_that_never_answers_holds_up_no_mail() {
    let app = with_receiver();
    let _ = told(&app);
    app.env.http.answer_with(503, None);
    for number in 0..20 {
        let body = json!({"email": format!("user{number}@example.test"), "locale": "de"});
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    }
    let _ = app.forgot(App::EMAIL);
    let _ = (told(&app), app.take_mails());
    app.env.http.answer_from(RECEIVER, Err(NoAnswer::TimedOut));
    app.env.http.answer_from("api.resend.com", Ok((200, None)));
    app.advance(120);
    let report = app.run_courier().json();
    assert_eq!(told(&app).len(), 3, "then it is left alone");
    assert_eq!(app.take_mails().len(), 1);
    assert_eq!(report["remaining"], 18);
    app.env.http.answer_from(RECEIVER, Ok((200, None)));
    app.run_courier_for(5);
    assert_eq!(told(&app).len(), 21);
}

#[test]
fn a_portal_that_is_gone_for_days_leaves_no_growing_heap_of_events() {
    let app = with_receiver();
    app.env.http.answer_from(RECEIVER, Ok((500, None)));
    let order = json!({"generate": true, "return_password": true});
    for _ in 0..200 {
        let reset = app.call("/v1/admin/users/ann/reset-password", order.clone());
        let _ = app.make(&reset).expect(200);
    }
    let _ = app.run_courier();
    // Everything was tried for a day, or skipped for one, and was given up in the round after at the latest.
    for _ in 0..4 {
        app.advance(12 * 3_600);
        let _ = app.run_courier();
    }
    app.env.http.answer_from(RECEIVER, Ok((204, None)));
    let _ = app.take_webhooks();
    app.run_courier_for(3);
    assert_eq!(told(&app), Vec::<Value>::new());
    let log = app.env.log.lines().join("\n");
    assert!(log.contains("it expired before it could be sent"), "{log}");
}
