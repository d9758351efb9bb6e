//! `POST /v1/admin/users/:id/reset-password`

mod generated;
mod refused;

use serde_json::{Value, json};

use crate::app::{App, Scope, User, in_a_mail, strong_password, unix_seconds};
use crate::v1::admin::access::Guarded;

/// The default of `temporary_password_ttl_seconds`.
const THREE_DAYS: i64 = 259_200;

#[test]
fn a_typed_password_is_temporary_unless_the_order_says_otherwise() {
    let app = App::shared();
    let user = app.create_user();
    let epoch = app.epoch(&user.id);
    let temporary = strong_password();
    let reset = reset(&app, &user, &json!({ "password": temporary }));

    let credential = credential(&app, &user);
    let expires_at = &credential["expires_at"];
    let expected = json!({ "change_required": true, "expires_at": expires_at });
    assert_eq!(reset, expected, "it is neither sent nor returned");
    assert_eq!(lifetime(&credential), THREE_DAYS);
    assert_eq!(credential["set_by"], "administrator");
    assert_eq!(credential["must_change"], true);
    assert!(app.epoch(&user.id) > epoch);

    app.assert_does_not_sign_in(&user, &user.password);
    let signed_in = app
        .portal()
        .sign_in(&user.email, &temporary)
        .expect_json(200);
    let token = signed_in["password_change"]["token"].clone();
    let change = json!({ "reason": "must-change", "token": token, "expires_in": 600 });
    assert_eq!(signed_in["password_change"], change);
    assert_eq!(signed_in["credential_epoch"], app.epoch(&user.id));

    // The token changes the password once, and only to one that the policy takes.
    let token = token.as_str().expect("a token is text");
    let visitor = app.visitor();
    visitor
        .reset_password(token, "password")
        .expect_violations();
    let password = strong_password();
    visitor.reset_password(token, &password).expect_nothing();
    visitor
        .reset_password(token, &strong_password())
        .expect_problem(400, "invalid-reset-token");
    app.assert_does_not_sign_in(&user, &temporary);
    let signed_in = app
        .portal()
        .sign_in(&user.email, &password)
        .expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
    let credential = self::credential(&app, &user);
    assert_eq!(credential["must_change"], false);
    assert_eq!(credential["set_by"], "user");
    assert!(credential["expires_at"].is_null(), "{credential}");
}

#[test]
fn a_password_to_keep_is_asked_for_as_such() {
    let app = App::shared();
    let user = app.create_user();
    let password = strong_password();
    let order = json!({ "password": password, "change_on_next_sign_in": false });
    assert_eq!(
        reset(&app, &user, &order),
        json!({ "change_required": false })
    );

    let signed_in = app
        .portal()
        .sign_in(&user.email, &password)
        .expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
    let credential = credential(&app, &user);
    assert_eq!(credential["must_change"], false);
    assert!(credential["expires_at"].is_null(), "{credential}");

    let order = json!({ "password": password, "change_on_next_sign_in": false, "expires_in": 300 });
    let answer = reset(&app, &user, &order);
    let credential = self::credential(&app, &user);
    assert_eq!(
        answer,
        json!({ "change_required": false, "expires_at": credential["expires_at"] })
    );
    assert_eq!(lifetime(&credential), 300);
}

#[test]
fn a_temporary_password_lives_as_long_as_the_order_says() {
    let app = App::shared();
    let user = app.create_user_without_password();
    for expires_in in [300, 86_400, 2_592_000] {
        let order = json!({ "password": strong_password(), "expires_in": expires_in });
        let answer = app.portal().reset_users_password(&user.id, &order);
        let answer = answer.expect_json(200);
        let account = app.portal().find_user(&user.id).expect_json(200);
        assert_eq!(answer["expires_at"], account["credential"]["expires_at"]);
        assert_eq!(lifetime(&account["credential"]), expires_in);
    }
}

#[test]
fn an_account_without_a_password_gets_one_that_must_be_changed() {
    let app = App::shared();
    let newcomer = app.create_user_without_password();
    let temporary = strong_password();
    let order = json!({ "password": temporary });
    app.portal()
        .reset_users_password(&newcomer.id, &order)
        .expect_json(200);
    let token = app.change_token(&newcomer.email, &temporary);
    let password = strong_password();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.portal()
        .sign_in(&newcomer.email, &password)
        .expect_json(200);
}

#[test]
fn the_user_is_told_of_a_password_that_is_not_mailed() {
    let app = App::shared();
    let user = app.create_user();
    let password = strong_password();
    let order = json!({ "password": password, "return_password": true, "reason": "zebra" });
    let answer = reset(&app, &user, &order);
    assert_eq!(answer["password"], password.as_str());
    assert!(answer.get("email_id").is_none(), "{answer}");

    let notice = app.sink().wait_for_mail(&user.email).everything();
    for secret in [&password, &user.password, "/reset-password#token=", "zebra"] {
        assert!(!notice.contains(secret), "{notice}");
    }
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn a_password_is_mailed_once_and_to_the_stored_address() {
    let app = App::shared();
    let user = app.create_user();
    let temporary = strong_password();
    let order = json!({ "password": temporary, "send_email": true, "return_password": false });
    let answer = reset(&app, &user, &order);
    assert!(answer.get("password").is_none(), "{answer}");
    let email_id = answer["email_id"].as_str();
    assert!(email_id.is_some_and(|id| !id.is_empty()), "{answer}");

    let mail = app.sink().wait_for_mail(&user.email);
    assert_eq!(mail.password(), temporary);
    assert!(mail.html.contains(&temporary), "{}", mail.html);
    assert!(!mail.subject.contains(&temporary));
    let until = in_a_mail(&answer["expires_at"]);
    assert!(mail.text.contains(&until), "{until} in {}", mail.text);
    app.change_token(&user.email, &mail.password());
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn whatever_was_issued_before_is_dead() {
    let app = App::shared();
    let recovering = app.create_user();
    let verified = app.create_user();
    let changing = app.create_user();
    let first = strong_password();
    reset(&app, &changing, &json!({ "password": first }));

    let recovery = app.recover(&recovering);
    let reset_token = app.reset_token(&app.recover(&verified));
    let change_token = app.change_token(&changing.email, &first);
    let second = strong_password();
    for user in [&recovering, &verified, &changing] {
        reset(&app, user, &json!({ "password": second }));
    }
    app.visitor()
        .verify_otp(&recovery.challenge_id, &recovery.mail.code())
        .expect_problem(400, "invalid-otp");
    for token in [recovery.mail.link_token(), reset_token, change_token] {
        app.visitor()
            .reset_password(&token, &strong_password())
            .expect_problem(400, "invalid-reset-token");
    }
    app.assert_does_not_sign_in(&changing, &first);
    for user in [&recovering, &verified, &changing] {
        app.assert_signs_in(user, &second);
    }
}

#[test]
fn a_disabled_account_stays_disabled_with_its_new_password() {
    let app = App::shared();
    let user = app.create_user();
    let disable = |disabled: bool| {
        let changes = json!({ "disabled": disabled });
        app.portal()
            .update_user(&user.id, &changes)
            .expect_json(200);
    };
    disable(true);
    let temporary = strong_password();
    reset(&app, &user, &json!({ "password": temporary }));
    app.assert_does_not_sign_in(&user, &temporary);
    disable(false);
    app.change_token(&user.email, &temporary);
    app.assert_does_not_sign_in(&user, &user.password);
}

#[test]
fn only_a_key_with_the_scope_resets_a_password() {
    let app = App::shared();
    let user = app.create_user();
    let order = json!({ "password": strong_password() });
    let guarded = Guarded {
        app: &app,
        scope: Scope::Reset,
        method: "POST",
        paths: [
            &format!("/v1/admin/users/{}/reset-password", user.id),
            "/v1/admin/users/nobody-here/reset-password",
        ],
        body: Some(order.clone()),
    };
    guarded.assert_refused_to_others();
    app.assert_signs_in(&user, &user.password);
    app.api_client(Scope::Reset)
        .reset_users_password(&user.id, &order)
        .expect_json(200);
}

#[track_caller]
fn reset(app: &App, user: &User, order: &Value) -> Value {
    app.portal()
        .reset_users_password(&user.id, order)
        .expect_json(200)
}

#[track_caller]
fn credential(app: &App, user: &User) -> Value {
    let account = app.portal().find_user(&user.id).expect_json(200);
    account["credential"].clone()
}

/// The seconds between setting a password and its expiry.
#[track_caller]
fn lifetime(credential: &Value) -> i64 {
    unix_seconds(&credential["expires_at"]) - unix_seconds(&credential["set_at"])
}
