//! `POST /v1/admin/users/:id/unlock`

use serde_json::json;

use crate::app::{App, Caller as _, Scope, strong_password};
use crate::v1::admin::access::Guarded;

/// An app behind a proxy that says who a caller is.
fn behind_a_proxy() -> App {
    App::builder()
        .variable("trusted_proxy_header", "x-forwarded-for")
        .variable("trusted_proxy_hops", "1")
        .variable("cooldown_seconds", "0")
        .variable("limit_account", "2/86400")
        .start()
}

#[test]
fn strangers_use_up_their_own_limits_and_an_administrator_lifts_all() {
    let app = behind_a_proxy();
    let portal = app.portal();
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}", user.id);
    let unlock = format!("{path}/unlock");
    let from = |address: &str| app.visitor().sending("x-forwarded-for", address);
    let sign_in = |address: &str, password: &str| {
        let body = json!({ "email": user.email, "password": password });
        let call = portal.call("POST", "/v1/sign-in").json(&body);
        call.header("x-forwarded-for", address).send()
    };

    // Guesses from one network, and the owner on another.
    for _ in 0..100 {
        sign_in("203.0.113.9", &strong_password()).expect_problem(401, "invalid-credentials");
    }
    sign_in("203.0.113.9", &user.password).expect_problem(429, "rate-limited");
    sign_in("198.51.100.7", &user.password).expect_json(200);
    let account = portal.find_user(&user.id).expect_json(200);
    assert!(account["locked_until"].is_string(), "{account}");

    // Requests from one network, and the owner on another.
    for _ in 0..2 {
        from("203.0.113.9").challenge(&user.email);
        // One that is replaced before it goes out is not sent.
        app.sink().wait_for_mail(&user.email);
    }
    for _ in 0..2 {
        from("203.0.113.9").challenge(&user.email);
    }
    app.sink().assert_no_mail(&user.email);
    let account = portal.find_user(&user.id).expect_json(200);
    assert!(account["recovery_paused_until"].is_string(), "{account}");
    from("198.51.100.7").challenge(&user.email);
    app.sink().wait_for_mail(&user.email);

    let reason = json!({ "reason": "called from the ferry" });
    portal.post(&unlock, &reason).expect_nothing();
    let account = portal.find_user(&user.id).expect_json(200);
    assert!(account["locked_until"].is_null(), "{account}");
    assert!(account.get("recovery_paused_until").is_none(), "{account}");
    sign_in("203.0.113.9", &user.password).expect_json(200);
    from("203.0.113.9").challenge(&user.email);
    app.sink().wait_for_mail(&user.email);
    let events = portal.get(&format!("{path}/events")).expect_json(200);
    let events = events["events"].as_array().cloned().unwrap_or_default();
    let unlocked = events.iter().find(|it| it["type"] == "account.unlocked");
    assert_eq!(unlocked.expect("it is noted")["reason"], reason["reason"]);
}

#[test]
fn codes_that_strangers_used_up_for_the_day_work_again_once_an_administrator_unlocks() {
    let app = App::builder()
        .variable("cooldown_seconds", "0")
        .variable("attempts_per_account_per_day", "4")
        .start();
    let portal = app.portal();
    let user = app.create_user();
    for _ in 0..2 {
        app.visitor().challenge(&user.email);
        let code = app.sink().wait_for_mail(&user.email).code();
        for _ in 0..2 {
            let wrong = if code.starts_with('7') { "8" } else { "7" };
            let wrong = format!("{wrong}{}", &code[1..]);
            let refused = app.visitor().verify_otp_for(&user.email, &wrong);
            refused.expect_problem(400, "invalid-otp");
        }
    }
    app.visitor().challenge(&user.email);
    let mail = app.sink().wait_for_mail(&user.email);
    let refused = app.visitor().verify_otp_for(&user.email, &mail.code());
    refused.expect_problem(400, "invalid-otp");
    let account = portal.find_user(&user.id).expect_json(200);
    let midnight = account["codes_paused_until"].as_str().unwrap_or_default();
    assert!(midnight.ends_with("T00:00:00Z"), "{account}");
    // The link is not guessed at.
    app.visitor()
        .check_token(&mail.link_token())
        .expect_json(200);

    let unlock = format!("/v1/admin/users/{}/unlock", user.id);
    portal.post(&unlock, &json!({})).expect_nothing();
    let account = portal.find_user(&user.id).expect_json(200);
    assert!(account.get("codes_paused_until").is_none(), "{account}");
    app.visitor()
        .verify_otp_for(&user.email, &mail.code())
        .expect_json(200);
}

#[test]
fn the_call_takes_no_body_or_a_reason_and_only_a_known_user() {
    let app = App::shared();
    let user = app.create_user();
    let unlock = format!("/v1/admin/users/{}/unlock", user.id);
    let portal = app.portal();
    portal.call("POST", &unlock).send().expect_nothing();
    portal.post(&unlock, &json!({})).expect_nothing();
    app.assert_signs_in(&user, &user.password);
    for bad in [json!({ "reason": 7 }), json!({ "reason": "x".repeat(501) })] {
        let refused = portal.post(&unlock, &bad).expect_invalid();
        assert_eq!(refused, ["/reason"]);
    }
    portal
        .post("/v1/admin/users/nobody-here/unlock", &json!({}))
        .expect_problem(404, "not-found");
}

#[test]
fn only_a_key_with_the_scope_unlocks() {
    let app = App::shared();
    let user = app.create_user();
    let unlock = format!("/v1/admin/users/{}/unlock", user.id);
    app.api_client(Scope::UsersWrite)
        .post(&unlock, &json!({}))
        .expect_nothing();
    Guarded {
        app: &app,
        scope: Scope::UsersWrite,
        method: "POST",
        paths: [&unlock, "/v1/admin/users/nobody-here/unlock"],
        body: Some(json!({})),
    }
    .assert_refused_to_others();
}

#[test]
fn every_changing_call_takes_a_reason_for_its_event() {
    let app = App::shared();
    let portal = app.portal();
    let email = crate::app::unique_email();
    let new = json!({ "email": email, "password": strong_password(), "reason": "one" });
    let created = portal.create_user(&new).expect_json(201);
    let id = created["id"].as_str().expect("it has an id");
    let path = format!("/v1/admin/users/{id}");
    let change = json!({ "locale": "fr", "reason": "two" });
    portal.update_user(id, &change).expect_json(200);
    let order = json!({ "required": true, "reason": "three" });
    portal
        .call("PUT", &format!("{path}/password-change"))
        .json(&order)
        .send()
        .expect_nothing();
    let order = json!({ "deliver": "return", "reason": "four" });
    portal.start_recovery(id, &order).expect_json(200);
    let order = json!({ "generate": true, "return_password": true, "reason": "five" });
    portal.reset_users_password(id, &order).expect_json(200);
    let reason = json!({ "reason": "six" });
    let deleted = portal.call("DELETE", &path).json(&reason).send();
    deleted.expect_nothing();

    let imported = crate::app::random_token(12);
    let line = json!({ "id": imported, "email": crate::app::unique_email(), "reason": "seven" });
    portal.import_users(line.to_string()).expect_json(200);
    let deleted = portal
        .call(
            "DELETE",
            &format!("/v1/admin/users/{imported}?reason=eight"),
        )
        .send();
    deleted.expect_nothing();

    let reasons = |id: &str| -> Vec<String> {
        let events = portal.get(&format!("/v1/admin/users/{id}/events"));
        let events = events.expect_json(200)["events"].clone();
        let events = events.as_array().cloned().unwrap_or_default();
        let texts = events.iter().map(|event| event["reason"].as_str());
        texts.map(|it| it.unwrap_or("none").to_owned()).collect()
    };
    // A reset has three events. The newest comes first.
    assert_eq!(
        reasons(id),
        ["six", "five", "five", "five", "four", "three", "two", "one"]
    );
    assert_eq!(reasons(&imported), ["eight", "seven"]);
}
