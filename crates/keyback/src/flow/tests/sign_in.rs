//! Signing in.

use serde_json::{Value, json};

use crate::testing::App;

fn create(app: &App, more: &[(&str, Value)]) {
    let mut body = json!({"email": App::EMAIL, "id": "ann"});
    for (name, value) in more {
        body[name] = value.clone();
    }
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
}

#[test]
fn a_right_password_tells_who_and_the_epoch() {
    let app = App::default();
    create(&app, &[("password", json!(App::PASSWORD))]);
    let by_email = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    assert_eq!(by_email.json()["user_id"], "ann");
    assert_eq!(by_email.json()["password_change"], Value::Null);
    let by_id = app.make(&app.call(
        "/v1/sign-in",
        json!({"user_id": "ann", "password": App::PASSWORD}),
    ));
    assert_eq!(by_id.json(), by_email.json());
}

#[test]
fn a_password_that_must_change_brings_a_token_that_changes_it() {
    let app = App::default();
    create(
        &app,
        &[
            ("password", json!(App::PASSWORD)),
            ("change_on_next_sign_in", json!(true)),
        ],
    );
    let reply = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    let change = &reply["password_change"];
    assert_eq!(change["reason"], "must-change");
    assert_eq!(change["expires_in"], 600);
    let token = change["token"].as_str().unwrap();
    let late = app.fork();
    late.advance(600);
    assert_eq!(late.reset(token, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.reset(token, App::NEW_PASSWORD).status, 204);
    let after = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(200);
    assert_eq!(after.json()["password_change"], Value::Null);
}

#[test]
fn a_wrong_password_says_no_more_than_an_unknown_address() {
    let app = App::with_account();
    let wrong = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    let unknown = app.sign_in(App::NOBODY, App::PASSWORD);
    assert_eq!(wrong.without_ids(), unknown.without_ids());
}
