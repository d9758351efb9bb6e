//! `PUT /v1/admin/users/:id/password-change`

use serde_json::{Value, json};

use crate::app::{App, Caller as _, Scope, strong_password};
use crate::v1::admin::access::Guarded;

#[test]
fn a_change_is_required_and_then_made() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let before = app.epoch(&user.id);

    portal
        .require_password_change(&user.id, true)
        .expect_nothing();
    let epoch = app.epoch(&user.id);
    assert!(epoch > before, "sessions begun before must end");
    let account = portal.find_user(&user.id).expect_json(200);
    assert_eq!(account["credential"]["must_change"], true);
    assert!(account["credential"]["expires_at"].is_null(), "{account}");
    app.visitor()
        .verify_otp(&recovery.challenge_id, &recovery.mail.code())
        .expect_problem(400, "invalid-otp");
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_problem(400, "invalid-reset-token");

    // Requiring it again does nothing: a session begun since then goes on.
    portal
        .require_password_change(&user.id, true)
        .expect_nothing();
    assert_eq!(app.epoch(&user.id), epoch);

    let token = app.change_token(&user.email, &user.password);
    let password = strong_password();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.assert_does_not_sign_in(&user, &user.password);
    let signed_in = portal.sign_in(&user.email, &password).expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
    let account = portal.find_user(&user.id).expect_json(200);
    assert_eq!(account["credential"]["must_change"], false);
}

#[test]
fn a_change_that_is_no_longer_required_is_not_asked_for() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let assert_must_change = |password: &str, required: bool| {
        let signed_in = portal.sign_in(&user.email, password).expect_json(200);
        assert_eq!(signed_in["password_change"].is_object(), required);
        let account = portal.find_user(&user.id).expect_json(200);
        assert_eq!(account["credential"]["must_change"], required);
    };
    let require = |required: bool| {
        let answer = portal.require_password_change(&user.id, required);
        answer.expect_nothing();
    };
    require(false);
    assert_must_change(&user.password, false);
    require(true);
    assert_must_change(&user.password, true);
    let epoch = app.epoch(&user.id);
    require(false);
    assert_must_change(&user.password, false);
    assert_eq!(app.epoch(&user.id), epoch);
    require(true);
    assert!(app.epoch(&user.id) > epoch);

    // The requirement is about one password: the next one comes with its own.
    let password = strong_password();
    let order = json!({ "password": password, "change_on_next_sign_in": false });
    portal
        .reset_users_password(&user.id, &order)
        .expect_json(200);
    assert_must_change(&password, false);
    let order = json!({ "password": password, "expires_in": 300 });
    let reset = portal.reset_users_password(&user.id, &order);
    let reset = reset.expect_json(200);
    assert_must_change(&password, true);
    require(false);
    assert_must_change(&password, false);
    // A password that need not be changed still expires at its time.
    let account = portal.find_user(&user.id).expect_json(200);
    assert_eq!(account["credential"]["expires_at"], reset["expires_at"]);
}

#[test]
fn without_a_password_there_is_nothing_to_change() {
    let app = App::shared();
    let newcomer = app.create_user_without_password();
    let before = app.portal().find_user(&newcomer.id).expect_json(200);
    for required in [true, false] {
        app.portal()
            .require_password_change(&newcomer.id, required)
            .expect_problem(409, "no-credential");
    }
    let after = app.portal().find_user(&newcomer.id).expect_json(200);
    assert_eq!(after, before);
}

#[test]
fn a_bad_order_or_an_unknown_account_is_refused() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let put = |body: &Value| {
        let path = format!("/v1/admin/users/{}/password-change", user.id);
        portal.call("PUT", &path).json(body).send()
    };
    for value in [json!(null), json!("true"), json!(1), json!([true])] {
        let refused = put(&json!({ "required": value }));
        assert_eq!(refused.expect_invalid(), ["/required"], "{value}");
    }
    assert_eq!(put(&json!({})).expect_invalid(), ["/required"]);
    let unknown = json!({ "required": true, "because": "zebra" });
    assert_eq!(put(&unknown).expect_invalid(), ["/because"]);
    let account = portal.find_user(&user.id).expect_json(200);
    assert_eq!(account["credential"]["must_change"], false);
    portal
        .require_password_change("nobody-here", true)
        .expect_problem(404, "not-found");
}

#[test]
fn only_a_key_with_the_scope_requires_a_change() {
    let app = App::shared();
    let user = app.create_user();
    let guarded = Guarded {
        app: &app,
        scope: Scope::Reset,
        method: "PUT",
        paths: [
            &format!("/v1/admin/users/{}/password-change", user.id),
            "/v1/admin/users/nobody-here/password-change",
        ],
        body: Some(json!({ "required": true })),
    };
    guarded.assert_refused_to_others();
    let account = app.portal().find_user(&user.id).expect_json(200);
    assert_eq!(account["credential"]["must_change"], false);
    app.api_client(Scope::Reset)
        .require_password_change(&user.id, true)
        .expect_nothing();
}
