//! `POST /v1/reset-password/check`

use serde_json::json;

use crate::app::{
    App, Caller as _, assert_alike, random_token, strong_password, unique_email, wrong_code,
};

#[test]
fn a_link_says_whose_it_is_before_a_password_is_chosen_and_stays_good() {
    let app = App::shared();
    let visitor = app.visitor();
    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    for _ in 0..5 {
        let checked = visitor.check_token(&token).expect_json(200);
        let seconds = checked["expires_in"].as_u64().expect("it is whole");
        assert!((1_000..=1_200).contains(&seconds), "{seconds}");
        let expected = json!({
            "email": user.email,
            "expires_in": checked["expires_in"],
            "reason": "recovery",
        });
        assert_eq!(checked, expected);
    }
    let new_password = strong_password();
    visitor
        .reset_password(&token, &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
}

#[test]
fn a_token_from_a_sign_in_says_that_the_password_must_be_changed() {
    let app = App::shared();
    let email = unique_email();
    let password = strong_password();
    let account = json!({ "email": email, "password": password, "change_on_next_sign_in": true });
    app.portal().create_user(&account).expect_json(201);
    let token = app.change_token(&email, &password);
    let checked = app.visitor().check_token(&token).expect_json(200);
    assert_eq!(checked["reason"], "must-change");
    assert_eq!(checked["email"], email);
}

#[test]
fn every_bad_token_is_refused_alike() {
    let app = App::shared();
    let visitor = app.visitor();
    let unknown = visitor.check_token(&random_token(32));
    unknown.expect_problem(400, "invalid-reset-token");

    let used = app.recover(&app.create_user()).mail;
    visitor
        .reset_password(&used.link_token(), &strong_password())
        .expect_nothing();
    let by_code = app.recover(&app.create_user());
    app.reset_token(&by_code);
    let cancelled = app.recover(&app.create_user()).mail;
    visitor
        .cancel_recovery(&cancelled.cancel_token())
        .expect_nothing();
    let other = app.recover(&app.create_user()).mail;
    for token in [
        used.link_token(),
        by_code.mail.link_token(),
        cancelled.link_token(),
        other.cancel_token(),
        wrong_code(&other.code()),
        String::new(),
        random_token(48),
    ] {
        assert_alike(&visitor.check_token(&token), &unknown);
    }
}

#[test]
fn checks_are_limited_apart_from_resets() {
    let app = App::builder()
        .variable("limit_client_reset", "3/86400")
        .start();
    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    for _ in 0..3 {
        app.visitor().check_token(&token).expect_json(200);
    }
    let limited = app.visitor().check_token(&token);
    limited.expect_problem(429, "rate-limited");
    assert!(limited.header("retry-after").is_some());
    app.visitor()
        .reset_password(&token, &strong_password())
        .expect_nothing();
}

#[test]
fn only_the_token_is_taken_and_only_by_post() {
    let app = App::shared();
    let visitor = app.visitor();
    let refused = visitor.post("/v1/reset-password/check", &json!({ "token": 7, "a": 1 }));
    assert_eq!(refused.expect_invalid(), ["/a", "/token"]);
    for method in ["GET", "PUT", "DELETE"] {
        let answer = visitor.call(method, "/v1/reset-password/check").send();
        answer.expect_problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}
