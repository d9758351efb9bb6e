//! `POST /v1/admin/users/:id/sign-out`

use serde_json::json;

use crate::app::{App, Caller as _, Scope, strong_password};
use crate::v1::admin::access::Guarded;

#[test]
fn sessions_end_and_links_with_them_and_the_password_stays() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let recovery = app.recover_at(&user.email);
    let before = app.epoch(&user.id);
    let path = format!("/v1/admin/users/{}/sign-out", user.id);
    let reason = json!({ "reason": "a laptop was stolen" });
    portal.post(&path, &reason).expect_nothing();

    assert!(app.epoch(&user.id) > before);
    app.assert_signs_in(&user, &user.password);
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_problem(400, "invalid-reset-token");
    let events = portal.get(&format!("/v1/admin/users/{}/events", user.id));
    let event = events.expect_json(200)["events"][0].clone();
    assert_eq!(event["type"], "sessions.revoked");
    assert_eq!(event["reason"], reason["reason"]);
    assert_eq!(event["actor"]["kind"], "administrator");
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn the_call_takes_no_body_or_a_reason_and_only_a_known_user() {
    let app = App::shared();
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}/sign-out", user.id);
    let portal = app.portal();
    portal.call("POST", &path).send().expect_nothing();
    portal.post(&path, &json!({})).expect_nothing();
    for (bad, pointer) in [
        (json!({ "reason": 7 }), "/reason"),
        (json!({ "everywhere": true }), "/everywhere"),
    ] {
        assert_eq!(portal.post(&path, &bad).expect_invalid(), [pointer]);
    }
    portal
        .post("/v1/admin/users/nobody-here/sign-out", &json!({}))
        .expect_problem(404, "not-found");
    let refused = portal.get(&path);
    assert_eq!(refused.header("allow"), Some("POST"));
    refused.expect_problem(405, "method-not-allowed");
}

#[test]
fn only_a_key_with_the_scope_signs_out() {
    let app = App::shared();
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}/sign-out", user.id);
    app.api_client(Scope::UsersWrite)
        .post(&path, &json!({}))
        .expect_nothing();
    Guarded {
        app: &app,
        scope: Scope::UsersWrite,
        method: "POST",
        paths: [&path, "/v1/admin/users/nobody-here/sign-out"],
        body: Some(json!({})),
    }
    .assert_refused_to_others();
}
