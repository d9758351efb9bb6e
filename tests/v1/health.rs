//! `GET /v1/health`

use crate::app::{App, Caller as _};

#[test]
fn a_healthy_app_says_so_to_anybody() {
    let app = App::shared();
    let health = app.visitor().get("/v1/health").expect_json(200);
    assert!(health.is_object(), "{health}");
}

#[test]
fn bad_variables_are_named_and_their_values_are_not_shown() {
    let app = App::builder()
        .variable("secret_key", "c2hvcnQtc2VjcmV0")
        .variable("email_provider", "pigeon")
        .variable("otp_length", "99")
        .start();
    let health = app.visitor().get("/v1/health").expect_status(503);
    let text = health.text();
    for name in ["secret_key", "email_provider", "otp_length"] {
        assert!(text.contains(name), "no {name} in {text}");
    }
    for value in ["c2hvcnQtc2VjcmV0", "pigeon", "\"99\""] {
        assert!(!text.contains(value), "{value} in {text}");
    }
    assert!(!text.contains("public_base_url"), "{text}");
}

#[test]
fn only_a_get_asks_for_it() {
    let app = App::shared();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let refused = app.visitor().call(method, "/v1/health").send();
        refused.expect_problem(405, "method-not-allowed");
        assert!(
            refused
                .header("allow")
                .is_some_and(|allow| allow.contains("GET")),
            "{:?}",
            refused.headers
        );
    }
}
