//! With bad variables, nothing is served and nothing is sent.

use serde_json::json;

use crate::testing::{App, Call};

fn calls(app: &App) -> Vec<Call> {
    let token = "A".repeat(64);
    [
        ("/v1/forgot-password", json!({"email": App::EMAIL})),
        ("/v1/verify-otp", json!({"challenge_id": "x", "code": "1"})),
        (
            "/v1/reset-password",
            json!({"token": token, "new_password": App::NEW_PASSWORD}),
        ),
        ("/v1/cancel-recovery", json!({"token": token})),
        (
            "/v1/sign-in",
            json!({"email": App::EMAIL, "password": App::PASSWORD}),
        ),
    ]
    .into_iter()
    .map(|(path, body)| app.call(path, body))
    .collect()
}

#[test]
fn a_missing_short_or_guessable_key_refuses_every_call_and_is_named_in_the_log_only() {
    let weak = [
        None,
        Some(""),
        Some("secret"),
        Some("c2hvcnQ="),
        // "changeme" four times, and 64 times the same byte.
        Some("Y2hhbmdlbWVjaGFuZ2VtZWNoYW5nZW1lY2hhbmdlbWU="),
        Some(
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        ),
    ];
    for key in weak {
        let app = App::with_account();
        match key {
            Some(key) => app.env.variables.set("secret_key", key),
            None => app.env.variables.unset("secret_key"),
        }
        for call in calls(&app) {
            let lines = app.env.log.lines().len();
            let reply = app.make(&call).expect(503);
            assert_eq!(reply.problem(), "service-unavailable");
            assert!(!format!("{reply:?}").contains("secret_key"), "{reply:?}");
            let log = app.env.log.lines().split_off(lines).join("\n");
            assert!(log.contains("secret_key"), "{log}");
            let value = key.filter(|key| key.len() > "secret_key".len());
            assert!(value.is_none_or(|value| !log.contains(value)), "{log}");
        }
        assert_eq!(app.take_mails(), []);
    }
}

#[test]
fn a_weak_previous_key_is_refused_as_well() {
    let app = App::with_account();
    app.env.variables.set("secret_key_previous", "c2hvcnQ=");
    for call in calls(&app) {
        assert_eq!(app.make(&call).status, 503);
    }
}

#[test]
fn forgot_password_takes_no_request_that_it_could_not_mail() {
    for (name, good) in [
        ("email_provider", "resend"),
        ("email_api_key", "re_test"),
        ("email_from", "no-reply@example.test"),
    ] {
        let app = App::with_account();
        app.env.variables.set(name, "");
        assert_eq!(app.forgot(App::EMAIL).status, 503, "{name}");
        app.env.variables.set(name, good);
        app.advance(120);
        let _ = app.run_courier();
        assert_eq!(app.take_mails(), [], "{name}");
    }
}

#[test]
fn health_names_the_bad_variables_and_not_their_values() {
    let app = App::default();
    assert_eq!(app.make(&Call::get("/v1/health")).status, 200);
    app.env.variables.set("secret_key", "dGVsbHRhbGU=");
    app.env.variables.set("limit_app_forgot", "telltale");
    let reply = app.make(&Call::get("/v1/health")).expect(503);
    let named = &reply.json()["variables"];
    assert_eq!(*named, json!(["secret_key", "limit_app_forgot"]));
    assert!(!reply.body.contains("telltale") && !reply.body.contains("dGVsbHRhbGU"));
}
