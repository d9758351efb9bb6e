//! A missing or weak variable: nothing is served, and only the operator is told why.

use serde_json::json;

use crate::app::{
    Answer, App, AppBuilder, Caller as _, random_token, strong_password, unique_email,
};

#[test]
fn a_weak_secret_key_stops_every_call() {
    let weak = ["", "c2hvcnQ=", "not base64!", &"A".repeat(44)];
    for secret_key in weak {
        let app = App::builder().variable("secret_key", secret_key).start();
        assert_every_call_is_refused(&app, "secret_key");
    }
}

#[test]
fn a_secret_key_that_was_never_set_stops_the_app_or_every_call() {
    assert_unset_is_refused("secret_key");
}

#[test]
fn a_public_address_that_was_never_set_stops_the_app_or_every_call() {
    assert_unset_is_refused("public_base_url");
}

#[test]
fn bad_api_keys_stop_every_call_that_needs_one() {
    let good_hash = "0".repeat(64);
    let bad = [
        String::new(),
        "nonsense".to_owned(),
        "{}".to_owned(),
        json!([{ "id": "portal", "sha256": "short", "scopes": ["users"] }]).to_string(),
        json!([{ "id": "portal", "sha256": good_hash, "scopes": ["everything"] }]).to_string(),
        json!([{ "id": "portal", "scopes": ["users"] }]).to_string(),
    ];
    for api_keys in bad {
        let app = App::builder()
            .variable("api_keys", api_keys.clone())
            .start();
        for answer in calls_with_a_key(&app) {
            assert_refused(&answer, "api_keys");
        }
        let health = app.visitor().get("/v1/health").expect_status(503);
        assert!(
            health.text().contains("api_keys"),
            "{api_keys}: {}",
            health.text()
        );
    }
}

#[test]
fn a_bad_mail_provider_stops_the_calls_that_send_mail() {
    let bad: [(&str, &str); 4] = [
        ("email_provider", "pigeon"),
        ("email_from", "nobody"),
        ("email_api_key", ""),
        ("otp_ttl_seconds", "1"),
    ];
    for (name, value) in bad {
        let app = App::builder().variable(name, value).start();
        let refused = app.visitor().forgot_password(&unique_email());
        assert_refused(&refused, name);
        let health = app.visitor().get("/v1/health").expect_status(503);
        assert!(health.text().contains(name), "{}", health.text());
    }
}

#[test]
fn a_public_address_must_be_https_or_loopback() {
    for bad in [
        "",
        "id.example.test",
        "http://id.example.test",
        "https://id.example.test/portal",
        "ftp://id.example.test",
    ] {
        let app = App::builder().variable("public_base_url", bad).start();
        let refused = app.visitor().forgot_password(&unique_email());
        assert_eq!(refused.status, 503, "{bad}: {}", refused.text());
    }
    let app = App::builder()
        .variable("public_base_url", "http://127.0.0.1:3000")
        .start();
    app.visitor()
        .forgot_password(&unique_email())
        .expect_status(202);
}

/// A platform may refuse to start without a required variable; one that starts must not serve.
fn assert_unset_is_refused(name: &str) {
    let unset: AppBuilder = App::builder().without_variable(name);
    match unset.try_start() {
        Ok(app) => {
            for answer in calls_without_a_key(&app)
                .into_iter()
                .chain(calls_with_a_key(&app))
            {
                assert_eq!(answer.status, 503, "{}: {}", answer.call, answer.text());
                assert!(
                    !answer.text().contains(name),
                    "{}: {}",
                    answer.call,
                    answer.text()
                );
            }
            let health = app.visitor().get("/v1/health").expect_status(503);
            assert!(health.text().contains(name), "{}", health.text());
        }
        Err(refusal) => assert!(refusal.log.contains(name), "{}", refusal.log),
    }
}

fn assert_every_call_is_refused(app: &App, name: &str) {
    for answer in calls_without_a_key(app)
        .into_iter()
        .chain(calls_with_a_key(app))
    {
        assert_refused(&answer, name);
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, name: &str) {
    answer.expect_problem(503, "service-unavailable");
    let text = answer.text();
    assert!(
        !text.contains(name) && !text.contains("variable"),
        "{}: {text}",
        answer.call
    );
}

fn calls_without_a_key(app: &App) -> Vec<Answer> {
    let visitor = app.visitor();
    vec![
        visitor.forgot_password(&unique_email()),
        visitor.verify_otp(&random_token(16), "000000"),
        visitor.reset_password(&random_token(32), &strong_password()),
        visitor.post("/v1/forgot-password", &json!({ "nonsense": 1 })),
    ]
}

fn calls_with_a_key(app: &App) -> Vec<Answer> {
    let portal = app.portal();
    vec![
        portal.create_user(&json!({ "email": unique_email() })),
        portal.find_user("nobody-here"),
        portal.sign_in(&unique_email(), &strong_password()),
        portal.run_courier(),
        app.visitor().post("/v1/sign-in", &json!({})),
    ]
}
