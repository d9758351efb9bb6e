//! `GET` and `DELETE /v1/admin/users/:id/challenge`

use serde_json::{Value, json};

use crate::app::{App, Caller as _, Scope, strong_password};
use crate::v1::admin::access::Guarded;

fn stops(app: &App, id: &str) -> Vec<Value> {
    let events = app.portal().get(&format!("/v1/admin/users/{id}/events"));
    let events = events.expect_json(200)["events"].clone();
    let mut events = events.as_array().cloned().unwrap_or_default();
    events.retain(|event| event["type"] == "recovery.stopped");
    events
}

#[test]
fn a_stopped_recovery_leaves_neither_link_nor_code_nor_token() {
    let app = App::shared();
    let portal = app.portal();
    let (user, verified) = (app.create_user(), app.create_user());
    let recovery = app.recover_at(&user.email);
    let token = app.reset_token(&app.recover_at(&verified.email));
    let path = |id: &str| format!("/v1/admin/users/{id}/challenge");
    let shown = portal.get(&path(&user.id)).expect_json(200);
    assert!(shown["challenge"]["expires_at"].is_string(), "{shown}");
    let before = app.epoch(&user.id);
    for id in [&user.id, &verified.id] {
        let stop = format!("{}?reason=not%20them", path(id));
        portal.call("DELETE", &stop).send().expect_nothing();
    }

    let visitor = app.visitor();
    visitor
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_problem(400, "invalid-reset-token");
    visitor
        .verify_otp(&recovery.challenge_id, &recovery.mail.code())
        .expect_problem(400, "invalid-otp");
    visitor
        .reset_password(&token, &strong_password())
        .expect_problem(400, "invalid-reset-token");
    let shown = portal.get(&path(&user.id)).expect_json(200);
    assert_eq!(shown, json!({ "challenge": null }));
    // Nobody is signed out.
    assert_eq!(app.epoch(&user.id), before);
    app.assert_signs_in(&user, &user.password);
    for id in [&user.id, &verified.id] {
        let stops = stops(&app, id);
        assert_eq!(stops.len(), 1);
        assert_eq!(stops[0]["reason"], "not them");
    }
}

#[test]
fn without_a_recovery_there_is_nothing_to_stop() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}/challenge", user.id);
    portal.call("DELETE", &path).send().expect_nothing();
    let reason = json!({ "reason": "again" });
    let stop = portal.call("DELETE", &path).json(&reason).send();
    stop.expect_nothing();
    assert_eq!(stops(&app, &user.id), Vec::<Value>::new());
    portal
        .call("DELETE", "/v1/admin/users/nobody-here/challenge")
        .send()
        .expect_problem(404, "not-found");
    let refused = portal.post(&path, &json!({}));
    assert_eq!(refused.header("allow"), Some("GET, HEAD, DELETE"));
    refused.expect_problem(405, "method-not-allowed");
    let bad = portal.call("DELETE", &format!("{path}?why=x")).send();
    bad.expect_problem(422, "validation-failed");
}

#[test]
fn only_keys_with_the_scopes_see_and_stop() {
    let app = App::shared();
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}/challenge", user.id);
    app.api_client(Scope::UsersRead).get(&path).expect_json(200);
    let stop = app.api_client(Scope::Reset).call("DELETE", &path).send();
    stop.expect_nothing();
    for (scope, method) in [(Scope::UsersRead, "GET"), (Scope::Reset, "DELETE")] {
        Guarded {
            app: &app,
            scope,
            method,
            paths: [&path, "/v1/admin/users/nobody-here/challenge"],
            body: None,
        }
        .assert_refused_to_others();
    }
}
