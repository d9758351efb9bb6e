//! Every credential event kills whatever was issued before it.

use serde_json::{Value, json};

use crate::testing::{App, Recovery};

/// An account with everything issued that can be: a code, a link and a cancel token, and the token of a sign-in.
fn with_everything_issued() -> (App, Recovery, String) {
    let app = App::default();
    let body = json!({
        "id": "ann",
        "email": App::EMAIL,
        "password": App::PASSWORD,
        "change_on_next_sign_in": true,
    });
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).json();
    let forced = signed_in["password_change"]["token"].as_str().unwrap();
    let recovery = app.recover();
    (app, recovery, forced.to_owned())
}

fn admin(app: &App, path: &str, method: &'static str, body: Value) {
    let path = format!("/v1/admin/users/ann{path}");
    let reply = app.make(&app.call(&path, body).by(method));
    assert!(reply.status < 300, "{reply:?}");
}

/// Checks that everything works before `event` and nothing after it.
fn kills_everything(event: impl Fn(&App)) {
    let (app, recovery, forced) = with_everything_issued();
    let code = |app: &App| app.verify(&recovery.challenge_id, &recovery.code);
    let token = |app: &App| code(app).text("reset_token");
    let reset = |app: &App, token: &str| app.reset(token, App::OTHER_PASSWORD).status;

    assert_eq!(code(&app.fork()).status, 200);
    assert_eq!(reset(&app.fork(), &recovery.link), 204);
    assert_eq!(reset(&app.fork(), &forced), 204);
    assert_eq!(app.fork().cancel(&recovery.cancel).status, 204);
    let verified = app.fork();
    let reset_token = token(&verified);
    assert_eq!(reset(&verified.fork(), &reset_token), 204);

    for app in [&app, &verified] {
        app.advance(30);
        event(app);
    }
    assert_eq!(code(&app).status, 400);
    assert_eq!(reset(&app, &recovery.link), 400);
    assert_eq!(reset(&app, &forced), 400);
    assert_eq!(reset(&verified, &reset_token), 400);
    assert_eq!(app.cancel(&recovery.cancel).status, 400);
}

#[test]
fn a_reset_by_the_user_kills_whatever_was_issued() {
    kills_everything(|app| {
        let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).json();
        let token = signed_in["password_change"]["token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 204);
    });
}

#[test]
fn a_reset_by_an_administrator_kills_whatever_was_issued() {
    kills_everything(|app| {
        admin(
            app,
            "/reset-password",
            "POST",
            json!({"password": App::NEW_PASSWORD}),
        );
    });
}

#[test]
fn a_forced_change_kills_whatever_was_issued() {
    kills_everything(|app| {
        // Repeating an order is no event.
        admin(app, "/password-change", "PUT", json!({"required": false}));
        admin(app, "/password-change", "PUT", json!({"required": true}));
    });
}

#[test]
fn another_address_kills_whatever_was_issued() {
    kills_everything(|app| admin(app, "", "PATCH", json!({"email": "ann@example.org"})));
}

#[test]
fn disabling_kills_whatever_was_issued_even_if_the_account_is_enabled_again() {
    kills_everything(|app| {
        admin(app, "", "PATCH", json!({"disabled": true}));
        admin(app, "", "PATCH", json!({"disabled": false}));
    });
}

#[test]
fn deleting_kills_whatever_was_issued_even_for_an_account_created_anew() {
    kills_everything(|app| {
        admin(app, "", "DELETE", Value::Null);
        let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    });
}

#[test]
fn a_token_for_a_forced_change_does_not_outlive_its_account_not_even_by_a_moment() {
    let app = App::default();
    let ann = json!({
        "id": "ann",
        "email": App::EMAIL,
        "password": App::PASSWORD,
        "change_on_next_sign_in": true,
    });
    let _ = app.make(&app.call("/v1/admin/users", ann)).expect(201);
    let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    let token = signed_in["password_change"]["token"].as_str().unwrap();
    // In the same second.
    admin(&app, "", "DELETE", Value::Null);
    let other = json!({"id": "ann", "email": "other@example.test", "password": App::PASSWORD});
    let created = app.make(&app.call("/v1/admin/users", other)).expect(201);
    let (before, after) = (
        &signed_in["credential_epoch"],
        &created.json()["credential_epoch"],
    );
    assert!(before.as_u64() < after.as_u64(), "{before} {after}");
    let refused = app.reset(token, App::NEW_PASSWORD).expect(400);
    assert_eq!(refused.problem(), "invalid-reset-token");
}

#[test]
fn a_disabled_account_gets_no_mail_and_signs_nobody_in() {
    let (app, ..) = with_everything_issued();
    admin(&app, "", "PATCH", json!({"disabled": true}));
    app.advance(60);
    assert_eq!(app.forgot(App::EMAIL).status, 202);
    assert_eq!(app.take_mails(), []);
    assert!(!app.knows(App::PASSWORD));
}
