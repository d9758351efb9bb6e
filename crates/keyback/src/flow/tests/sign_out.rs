//! Ending an account's sessions, and nothing else.

use serde_json::{Value, json};

use crate::testing::{App, Call};

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

fn show(app: &App) -> Value {
    let account = app.make(&Call::get("/v1/admin/users/ann"));
    account.expect(200).json()
}

fn sign_out(app: &App, id: &str, body: Value) -> u16 {
    let path = format!("/v1/admin/users/{id}/sign-out");
    app.make(&app.call(&path, body)).status
}

fn events(app: &App) -> Vec<Value> {
    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    events["events"].as_array().unwrap().clone()
}

#[test]
fn it_raises_the_epoch_and_leaves_the_password_as_it_is() {
    let app = with_ann();
    let before = show(&app);
    assert_eq!(
        sign_out(&app, "ann", json!({"reason": "lost a phone"})),
        204
    );
    let after = show(&app);
    assert!(after["credential_epoch"].as_u64() > before["credential_epoch"].as_u64());
    assert_eq!(after["credential"], before["credential"]);
    let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    assert_eq!(signed_in["credential_epoch"], after["credential_epoch"]);
    assert_eq!(signed_in["password_change"], Value::Null);
    let event = events(&app).remove(0);
    assert_eq!(event["type"], "sessions.revoked");
    assert_eq!(event["actor"]["kind"], "administrator");
    assert_eq!(event["reason"], "lost a phone");
    assert_eq!(app.take_mails(), []);
}

#[test]
fn a_reason_may_be_in_the_query_as_well_and_nothing_else_may() {
    for (call, event) in [
        ("sign-out", "sessions.revoked"),
        ("unlock", "account.unlocked"),
    ] {
        let app = with_ann();
        let to = |query: &str| {
            let path = format!("/v1/admin/users/ann/{call}?{query}");
            app.make(&app.call(&path, Value::Null)).status
        };
        assert_eq!(to("reason=lost%20a%20phone"), 204);
        let told = events(&app).remove(0);
        assert_eq!(told["type"], event);
        assert_eq!(told["reason"], "lost a phone");
        assert_eq!(to("because=lost"), 422);
    }
}

#[test]
fn a_reason_is_one_line() {
    let app = with_ann();
    for line_break in ['\n', '\u{85}', '\u{2028}', '\u{2029}'] {
        let reason = format!("a{line_break}b");
        assert_eq!(sign_out(&app, "ann", json!({ "reason": reason })), 422);
    }
    assert_eq!(sign_out(&app, "ann", json!({"reason": "lost ⛵"})), 204);
}

#[test]
fn a_call_that_takes_no_query_refuses_one_and_changes_nothing() {
    let app = with_ann();
    let before = show(&app);
    let ann = "/v1/admin/users/ann";
    let account = json!({"email": "bob@example.test"});
    let order = json!({"generate": true, "return_password": true});
    for (method, path, body) in [
        ("POST", "/v1/admin/users", account),
        ("GET", ann, Value::Null),
        ("PATCH", ann, json!({"disabled": true})),
        ("GET", &format!("{ann}/challenge"), Value::Null),
        (
            "POST",
            &format!("{ann}/invite"),
            json!({"deliver": "email"}),
        ),
        (
            "POST",
            &format!("{ann}/recovery"),
            json!({"deliver": "email"}),
        ),
        ("POST", &format!("{ann}/reset-password"), order),
        (
            "PUT",
            &format!("{ann}/password-change"),
            json!({"required": true}),
        ),
        (
            "POST",
            "/v1/admin/users/bulk",
            json!({"action": "disable", "ids": ["ann"]}),
        ),
    ] {
        let call = app.call(&format!("{path}?reason=lost"), body).by(method);
        let refused = app.make(&call);
        assert_eq!(refused.status, 422, "{method} {path}: {refused:?}");
    }
    assert_eq!(show(&app), before);
}

#[test]
fn links_and_codes_and_tokens_die_with_the_sessions() {
    let app = with_ann();
    let recovery = app.recover();
    let verified = app.fork();
    let token = verified.verify(&recovery.challenge_id, &recovery.code);
    let token = token.expect(200).text("reset_token");
    for app in [&app, &verified] {
        assert_eq!(sign_out(app, "ann", Value::Null), 204);
    }
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    let code = app.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(code.status, 400);
    assert_eq!(verified.reset(&token, App::NEW_PASSWORD).status, 400);
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn a_change_that_is_required_stays_required_and_a_temporary_password_expires_when_it_would() {
    let app = with_ann();
    let order = json!({"generate": true, "return_password": true});
    let reset = app.call("/v1/admin/users/ann/reset-password", order);
    let password = app.make(&reset).expect(200).text("password");
    let before = show(&app);
    assert_eq!(sign_out(&app, "ann", json!({})), 204);
    assert_eq!(show(&app)["credential"], before["credential"]);
    let signed_in = app.sign_in(App::EMAIL, &password).expect(200).json();
    assert_eq!(signed_in["password_change"]["reason"], "must-change");
}

#[test]
fn an_account_without_a_password_may_be_signed_out_and_an_unknown_one_may_not() {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    assert_eq!(sign_out(&app, "ann", json!({})), 204);
    assert_eq!(sign_out(&app, "eve", json!({})), 404);
}
