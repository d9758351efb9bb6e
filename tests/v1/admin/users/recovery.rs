//! `POST /v1/admin/users/:id/recovery`

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::app::{App, PUBLIC_BASE_URL, STATE_LIMIT, Scope, strong_password, unix_seconds};
use crate::v1::admin::access::Guarded;

#[test]
fn a_returned_code_and_link_work_and_are_not_mailed() {
    let app = App::shared();
    let (by_code, by_link) = (app.create_user(), app.create_user());
    let order = json!({ "deliver": "return" });
    let start = |id: &str| app.portal().start_recovery(id, &order).expect_json(200);

    let started = start(&by_code.id);
    let (code, link) = (text(&started, "code"), text(&started, "link"));
    let expected = json!({
        "challenge_id": started["challenge_id"],
        "code": code,
        "link": link,
        "expires_at": started["expires_at"],
        "code_expires_at": started["code_expires_at"],
    });
    assert_eq!(started, expected);
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    assert_expires_in(&started, 1200);
    let verified = app
        .visitor()
        .verify_otp(text(&started, "challenge_id"), code);
    let verified = verified.expect_json(200);
    let password = strong_password();
    app.visitor()
        .reset_password(text(&verified, "reset_token"), &password)
        .expect_nothing();
    app.assert_signs_in(&by_code, &password);

    let started = start(&by_link.id);
    app.visitor()
        .reset_password(link_token(&started), &password)
        .expect_nothing();
    app.assert_signs_in(&by_link, &password);
    // The one email says that the password was changed.
    for user in [&by_code, &by_link] {
        let notice = app.sink().wait_for_mail(&user.email);
        assert_eq!(notice.find_code(), None, "{}", notice.text);
        app.sink().assert_no_mail(&user.email);
    }
}

#[test]
fn a_mailed_recovery_works_like_one_that_the_user_asked_for() {
    let app = App::shared();
    let newcomer = app.create_user_without_password();
    let order = json!({ "deliver": "email", "expires_in": 3600 });
    let started = app
        .portal()
        .start_recovery(&newcomer.id, &order)
        .expect_json(202);
    let challenge_id = text(&started, "challenge_id");
    assert_eq!(
        started,
        json!({
            "challenge_id": challenge_id,
            "expires_at": started["expires_at"],
            "code_expires_at": started["code_expires_at"],
        })
    );
    assert_expires_in(&started, 3600);
    let (link, code) = (&started["expires_at"], &started["code_expires_at"]);
    assert_eq!(unix_seconds(link) - unix_seconds(code), 3600 - 600);

    let mail = app.sink().wait_for_mail(&newcomer.email);
    assert_ne!(mail.link_token(), mail.cancel_token());
    let verified = app.visitor().verify_otp(challenge_id, &mail.code());
    let verified = verified.expect_json(200);
    let password = strong_password();
    app.visitor()
        .reset_password(text(&verified, "reset_token"), &password)
        .expect_nothing();
    app.portal()
        .sign_in(&newcomer.email, &password)
        .expect_json(200);
}

#[test]
fn a_recovery_lives_from_five_minutes_to_a_day() {
    let app = App::shared();
    let portal = app.portal();
    let newcomer = app.create_user_without_password();
    let start = |order: &Value| portal.start_recovery(&newcomer.id, order);
    for expires_in in [300, 86_400] {
        let order = json!({ "deliver": "return", "expires_in": expires_in });
        let started = start(&order).expect_json(200);
        assert_expires_in(&started, expires_in);
    }
    let order = json!({ "deliver": "return", "expires_in": 600 });
    let live = start(&order).expect_json(200);
    for (order, pointer) in [
        (json!({ "expires_in": 299 }), "/expires_in"),
        (json!({ "expires_in": 86_401 }), "/expires_in"),
        (json!({ "expires_in": 0 }), "/expires_in"),
        (json!({ "expires_in": -600 }), "/expires_in"),
        (json!({ "expires_in": 600.5 }), "/expires_in"),
        (json!({ "expires_in": "600" }), "/expires_in"),
        (json!({ "deliver": null }), "/deliver"),
        (json!({ "deliver": true }), "/deliver"),
        (json!({ "deliver": "Email" }), "/deliver"),
        (json!({ "deliver": "zebra" }), "/deliver"),
        (json!({ "surprise": 1 }), "/surprise"),
    ] {
        let mut bad = json!({ "deliver": "email" });
        for (name, value) in order.as_object().expect("it is an object") {
            bad[name] = value.clone();
        }
        let refused = start(&bad);
        assert_eq!(refused.expect_invalid(), [pointer], "{bad}");
        assert!(!refused.text().contains("zebra"), "{}", refused.text());
    }
    assert_eq!(start(&json!({})).expect_invalid(), ["/deliver"]);
    let both = json!({ "deliver": 1, "expires_in": 1 });
    assert_eq!(start(&both).expect_invalid(), ["/deliver", "/expires_in"]);
    app.sink().assert_no_mail(&newcomer.email);
    // None of the refused ones took its place.
    app.visitor()
        .reset_password(link_token(&live), &strong_password())
        .expect_nothing();
}

#[test]
fn the_newest_recovery_kills_the_one_before_whoever_asked_for_it() {
    let app = App::shared();
    let portal = app.portal();
    let (user, verified) = (app.create_user(), app.create_user());
    let mails = app.recover(&user);
    let reset_token = app.reset_token(&app.recover(&verified));

    // No cooldown applies to administrators.
    let order = json!({ "deliver": "return" });
    let first = portal.start_recovery(&user.id, &order).expect_json(200);
    let second = portal.start_recovery(&user.id, &order).expect_json(200);
    portal.start_recovery(&verified.id, &order).expect_json(200);
    for (challenge_id, code) in [
        (mails.challenge_id.as_str(), mails.mail.code().as_str()),
        (text(&first, "challenge_id"), text(&first, "code")),
    ] {
        app.visitor()
            .verify_otp(challenge_id, code)
            .expect_problem(400, "invalid-otp");
    }
    for token in [
        mails.mail.link_token().as_str(),
        link_token(&first),
        &reset_token,
    ] {
        app.visitor()
            .reset_password(token, &strong_password())
            .expect_problem(400, "invalid-reset-token");
    }
    app.visitor()
        .verify_otp(text(&second, "challenge_id"), text(&second, "code"))
        .expect_json(200);
    // The password works all the while.
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn a_disabled_account_does_not_recover() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    portal
        .update_user(&user.id, &json!({ "disabled": true }))
        .expect_json(200);
    for deliver in ["return", "email"] {
        portal
            .start_recovery(&user.id, &json!({ "deliver": deliver }))
            .expect_problem(409, "account-disabled");
    }
    app.sink().assert_no_mail(&user.email);
    portal
        .start_recovery("nobody-here", &json!({ "deliver": "email" }))
        .expect_problem(404, "not-found");
    portal
        .update_user(&user.id, &json!({ "disabled": false }))
        .expect_json(200);
    portal
        .start_recovery(&user.id, &json!({ "deliver": "return" }))
        .expect_json(200);
}

#[test]
fn only_a_key_with_the_scope_starts_a_recovery() {
    let app = App::shared();
    let user = app.create_user();
    let order = json!({ "deliver": "email" });
    let guarded = Guarded {
        app: &app,
        scope: Scope::Reset,
        method: "POST",
        paths: [
            &format!("/v1/admin/users/{}/recovery", user.id),
            "/v1/admin/users/nobody-here/recovery",
        ],
        body: Some(order.clone()),
    };
    guarded.assert_refused_to_others();
    app.sink().assert_no_mail(&user.email);
    app.api_client(Scope::Reset)
        .start_recovery(&user.id, &order)
        .expect_json(202);
}

fn text<'answer>(answer: &'answer Value, name: &str) -> &'answer str {
    let text = answer[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// The secret in the fragment of a returned link.
fn link_token(started: &Value) -> &str {
    let start = format!("{PUBLIC_BASE_URL}/reset-password#token=");
    let token = text(started, "link").strip_prefix(&start);
    token.unwrap_or_else(|| panic!("another link in {started}"))
}

/// Asserts that a recovery that was started just now ends in so many seconds.
#[track_caller]
fn assert_expires_in(started: &Value, seconds: i64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_secs();
    let left = unix_seconds(&started["expires_at"]) - i64::try_from(now).expect("it is soon");
    let slack = i64::try_from(STATE_LIMIT.as_secs()).expect("it is short");
    assert!(
        (seconds - slack..=seconds).contains(&left),
        "{left} s are left"
    );
}
