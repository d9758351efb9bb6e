//! Changing the password while signed in.

use serde_json::{Value, json};

use crate::testing::{App, Call, Reply};

/// bcrypt of [`App::PASSWORD`].
const FOREIGN: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

fn with(members: &Value) -> App {
    let app = App::default();
    let mut body = json!({"id": "ann", "email": App::EMAIL});
    let members = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

fn with_ann() -> App {
    with(&json!({"password": App::PASSWORD}))
}

fn call(app: &App, id: &str, current: &str, new: &str) -> Call {
    let body = json!({"user_id": id, "current_password": current, "new_password": new});
    app.call("/v1/change-password", body)
}

fn change(app: &App, current: &str, new: &str) -> Reply {
    app.make(&call(app, "ann", current, new))
}

fn account(app: &App) -> Value {
    app.make(&Call::get("/v1/admin/users/ann"))
        .expect(200)
        .json()
}

fn events(app: &App) -> Vec<Value> {
    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    events["events"].as_array().unwrap().clone()
}

#[test]
fn the_new_password_is_the_users_own_and_is_told_of() {
    let app = with_ann();
    let before = account(&app)["credential_epoch"].as_u64();
    assert_eq!(change(&app, App::PASSWORD, App::NEW_PASSWORD).status, 204);
    assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
    let account = account(&app);
    assert_eq!(account["credential"]["set_by"], "user");
    assert!(account["credential_epoch"].as_u64() > before);
    let events = events(&app);
    let kinds = [&events[0]["type"], &events[1]["type"]];
    assert_eq!(kinds, ["sessions.revoked", "password.changed"]);
    assert_eq!(events[1]["actor"], json!({"kind": "user"}));
    assert_eq!(events[1]["from"], "192.0.*.*");
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Your Keyback password was changed");
}

#[test]
fn sessions_go_on_if_the_user_says_so() {
    let app = with_ann();
    let mut body = json!({"user_id": "ann", "current_password": App::PASSWORD});
    body["new_password"] = json!(App::NEW_PASSWORD);
    body["sign_out_everywhere"] = json!(false);
    let _ = app.make(&app.call("/v1/change-password", body)).expect(204);
    assert_eq!(events(&app)[0]["type"], "password.changed");
}

#[test]
fn a_refused_password_lists_why_and_changes_nothing() {
    let app = with_ann();
    for (new, codes) in [
        ("12345678", vec!["too-common", "too-weak"]),
        (App::PASSWORD, vec!["same-as-current"]),
    ] {
        let refused = change(&app, App::PASSWORD, new).expect(422);
        assert_eq!(refused.problem(), "password-rejected");
        let errors = refused.json()["errors"].as_array().unwrap().clone();
        let found: Vec<_> = errors
            .iter()
            .map(|it| it["code"].as_str().unwrap())
            .collect();
        assert_eq!(found, codes);
        assert_eq!(errors[0]["pointer"], "/new_password");
    }
    assert!(app.knows(App::PASSWORD));
    assert_eq!(app.take_mails(), []);
}

#[test]
fn a_wrong_password_is_counted_with_those_of_the_sign_in() {
    let app = with_ann();
    for number in 0..50 {
        let wrong = change(&app, App::NEW_PASSWORD, App::OTHER_PASSWORD).expect(401);
        assert_eq!(wrong.problem(), "invalid-credentials");
        let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
        if number % 20 == 19 {
            app.advance(60);
        }
    }
    app.advance(60);
    for locked in [
        change(&app, App::PASSWORD, App::NEW_PASSWORD),
        app.sign_in(App::EMAIL, App::PASSWORD),
    ] {
        assert_eq!(locked.problem(), "rate-limited");
    }
    app.come_from("203.0.113.9:1");
    assert_eq!(change(&app, App::PASSWORD, App::NEW_PASSWORD).status, 204);
}

#[test]
fn a_right_password_is_not_counted_however_bad_the_new_one() {
    let app = with_ann();
    for number in 0..110 {
        let _ = change(&app, App::PASSWORD, "12345678").expect(422);
        if number % 50 == 49 {
            app.advance(60);
        }
    }
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn clients_have_one_count_with_the_sign_in() {
    let app = with_ann();
    app.env.variables.set("limit_client_sign_in", "2/60");
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    let _ = change(&app, App::NEW_PASSWORD, App::OTHER_PASSWORD).expect(401);
    let limited = change(&app, App::PASSWORD, App::NEW_PASSWORD).expect(429);
    assert_eq!(limited.header("ratelimit-policy"), "\"sign-in\";q=2;w=60");
}

#[test]
fn whoever_has_no_good_password_learns_nothing_else() {
    let app = with_ann();
    let disabled = app.fork();
    let disable = app.call("/v1/admin/users/ann", json!({"disabled": true}));
    let _ = disabled.make(&disable.by("PATCH")).expect(200);
    let without = with(&json!({}));
    let unknown = app.make(&call(&app, "eve", App::PASSWORD, App::NEW_PASSWORD));
    for other in [
        change(&app, App::OTHER_PASSWORD, App::NEW_PASSWORD),
        change(&disabled, App::PASSWORD, App::NEW_PASSWORD),
        change(&without, App::PASSWORD, App::NEW_PASSWORD),
    ] {
        assert_eq!(other.without_ids(), unknown.without_ids());
    }
}

#[test]
fn a_password_that_must_be_changed_may_be_changed_so_and_an_expired_one_may_not() {
    let app = with(&json!({"password": App::PASSWORD, "change_on_next_sign_in": true}));
    let expired = app.fork();
    expired.advance(3 * 86_400);
    let refused = change(&expired, App::PASSWORD, App::NEW_PASSWORD).expect(401);
    assert_eq!(refused.problem(), "password-expired");
    assert_eq!(change(&app, App::PASSWORD, App::NEW_PASSWORD).status, 204);
    let signed_in = app
        .sign_in(App::EMAIL, App::NEW_PASSWORD)
        .expect(200)
        .json();
    assert_eq!(signed_in["password_change"], Value::Null);
    assert_eq!(account(&app)["credential"]["expires_at"], Value::Null);
}

#[test]
fn a_password_hashed_elsewhere_is_as_good_and_is_not_set_again() {
    let app = with(&json!({"password_hash": FOREIGN}));
    let same = change(&app, App::PASSWORD, App::PASSWORD).expect(422);
    assert_eq!(same.json()["errors"][0]["code"], "same-as-current");
    assert!(app.env.store.dump().contains("$2y$"));
    assert_eq!(change(&app, App::PASSWORD, App::NEW_PASSWORD).status, 204);
    assert!(!app.env.store.dump().contains("$2y$"));
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn what_was_issued_before_is_dead() {
    let app = with_ann();
    let recovery = app.recover();
    let _ = change(&app, App::PASSWORD, App::NEW_PASSWORD).expect(204);
    assert_eq!(app.reset(&recovery.link, App::OTHER_PASSWORD).status, 400);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
}
