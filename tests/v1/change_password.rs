//! `POST /v1/change-password`

use serde_json::{Value, json};

use crate::app::{Answer, App, Caller as _, Scope, User, assert_alike, strong_password};

const PATH: &str = "/v1/change-password";

fn change(app: &App, id: &str, current: &str, new: &str) -> Answer {
    let body = json!({ "user_id": id, "current_password": current, "new_password": new });
    app.portal().post(PATH, &body)
}

fn events(app: &App, user: &User) -> Vec<Value> {
    let events = app
        .portal()
        .get(&format!("/v1/admin/users/{}/events", user.id));
    let events = events.expect_json(200)["events"].clone();
    events.as_array().cloned().unwrap_or_default()
}

#[test]
fn a_user_who_knows_the_password_sets_another_and_is_told_by_mail() {
    let app = App::shared();
    let user = app.create_user();
    let link = app.recover_at(&user.email).mail.link_token();
    let before = app.epoch(&user.id);
    let password = strong_password();
    change(&app, &user.id, &user.password, &password).expect_nothing();

    app.assert_signs_in(&user, &password);
    app.assert_does_not_sign_in(&user, &user.password);
    assert!(app.epoch(&user.id) > before);
    let account = app.portal().find_user(&user.id).expect_json(200);
    assert_eq!(account["credential"]["set_by"], "user");
    let notice = app.sink().wait_for_mail(&user.email);
    assert!(notice.subject.contains("was changed"), "{}", notice.subject);
    let events = events(&app, &user);
    assert_eq!(events[0]["type"], "sessions.revoked");
    assert_eq!(events[1]["type"], "password.changed");
    assert_eq!(events[1]["actor"], json!({ "kind": "user" }));
    app.visitor()
        .reset_password(&link, &strong_password())
        .expect_problem(400, "invalid-reset-token");
}

#[test]
fn sessions_go_on_if_that_is_asked_for() {
    let app = App::shared();
    let user = app.create_user();
    let body = json!({
        "user_id": user.id,
        "current_password": user.password,
        "new_password": strong_password(),
        "sign_out_everywhere": false,
    });
    app.portal().post(PATH, &body).expect_nothing();
    assert_eq!(events(&app, &user)[0]["type"], "password.changed");
}

#[test]
fn a_bad_password_is_refused_with_all_reasons_and_the_current_one_is_no_new_one() {
    let app = App::shared();
    let user = app.create_user();
    let refused = change(&app, &user.id, &user.password, "12345678");
    assert_eq!(refused.expect_violations(), ["too-common", "too-weak"]);
    let refused = change(&app, &user.id, &user.password, &user.password);
    assert_eq!(refused.expect_violations(), ["same-as-current"]);
    app.assert_signs_in(&user, &user.password);
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn an_unknown_user_a_wrong_password_and_a_disabled_account_are_refused_alike() {
    let app = App::shared();
    let (user, disabled) = (app.create_user(), app.create_user());
    let newcomer = app.create_user_without_password();
    let off = json!({ "disabled": true });
    app.portal()
        .update_user(&disabled.id, &off)
        .expect_json(200);
    let new = strong_password();
    let wrong = change(&app, &user.id, &strong_password(), &new);
    wrong.expect_problem(401, "invalid-credentials");
    for other in [
        change(&app, "nobody-here", &user.password, &new),
        change(&app, &disabled.id, &disabled.password, &new),
        change(&app, &newcomer.id, &strong_password(), &new),
    ] {
        assert_alike(&other, &wrong);
    }
}

#[test]
fn wrong_passwords_count_with_those_of_the_sign_in() {
    let app = App::builder()
        .variable("limit_client_sign_in", "1000/60")
        .start();
    let user = app.create_user();
    let portal = app.portal();
    for _ in 0..50 {
        change(&app, &user.id, &strong_password(), &strong_password())
            .expect_problem(401, "invalid-credentials");
        portal
            .sign_in(&user.email, &strong_password())
            .expect_problem(401, "invalid-credentials");
    }
    let locked = change(&app, &user.id, &user.password, &strong_password());
    assert!(locked.header("retry-after").is_some());
    locked.expect_problem(429, "rate-limited");
    portal
        .sign_in(&user.email, &user.password)
        .expect_problem(429, "rate-limited");
}

#[test]
fn one_that_must_be_changed_may_be_changed_so() {
    let app = App::shared();
    let user = app.create_user();
    let order = json!({ "generate": true, "return_password": true });
    let reset = app.portal().reset_users_password(&user.id, &order);
    let temporary = reset.expect_json(200)["password"].clone();
    let temporary = temporary.as_str().expect("it is returned");
    let password = strong_password();
    change(&app, &user.id, temporary, &password).expect_nothing();
    let signed_in = app
        .portal()
        .sign_in(&user.email, &password)
        .expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
}

#[test]
fn only_a_key_with_the_scope_changes() {
    let app = App::shared();
    let user = app.create_user();
    let body = json!({
        "user_id": user.id,
        "current_password": user.password,
        "new_password": strong_password(),
    });
    let refused = app.visitor().post(PATH, &body);
    refused.expect_problem(401, "unauthorized");
    for word in Scope::SignIn.other_words() {
        let refused = app.api_client_with(word).post(PATH, &body);
        refused.expect_problem(403, "forbidden");
    }
    app.assert_signs_in(&user, &user.password);
    app.api_client(Scope::SignIn)
        .post(PATH, &body)
        .expect_nothing();
}
