//! `GET /v1/metrics`

use std::collections::BTreeMap;

use serde_json::json;

use crate::app::{App, Caller as _, Scope, strong_password, unique_email, wait_for};

/// The value of every series. Each line is a comment of a family, or a series of the family before it.
fn series(text: &str) -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.split(' ');
            let kind = words.next().expect("a comment has a first word");
            assert!(["HELP", "TYPE"].contains(&kind), "{line}");
            family = words.next().expect("a comment names a family");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a series has a value");
        assert!(name.starts_with(family), "{name} is not of {family}");
        let value: f64 = value.parse().expect("a value is a number");
        let twice = found.insert(name.to_owned(), value);
        assert_eq!(twice, None, "{name}");
    }
    assert!(text.ends_with('\n'), "the last line ends");
    found
}

#[test]
fn calls_mails_hashing_and_limits_are_counted_once_stored() {
    let app = App::builder()
        .variable("limit_client_verify", "1/3600")
        .start();
    let user = app.create_user();
    app.assert_signs_in(&user, &user.password);
    let _ = app.portal().sign_in(&user.email, &strong_password());
    app.recover(&user);
    for _ in 0..2 {
        let _ = app.visitor().verify_otp_for(&unique_email(), "000000");
    }
    let _ = app.visitor().get("/v1/admin/users/kept-out-of-labels");
    let call = |call: &str, status: u16| {
        let (method, route) = call.split_once(' ').expect("a call has a path");
        format!("keyback_calls_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
    };
    let emails = |state, provider| {
        format!("keyback_emails_total{{state=\"{state}\",provider=\"{provider}\"}}")
    };
    let expected = [
        (call("POST /v1/sign-in", 200), 1.0),
        (call("POST /v1/sign-in", 401), 1.0),
        (call("POST /v1/forgot-password", 202), 1.0),
        (call("POST /v1/verify-otp", 429), 1.0),
        (call("GET /v1/admin/users/:id", 401), 1.0),
        (
            "keyback_limits_hit_total{limit=\"verify-otp\"}".to_owned(),
            1.0,
        ),
        (emails("pending", "none"), 1.0),
        (emails("sent", "resend"), 1.0),
        // The account's password, and two that were verified.
        ("keyback_hashing_seconds_count".to_owned(), 3.0),
        ("keyback_oldest_due_entry_age_seconds".to_owned(), 0.0),
    ];
    let client = app.api_client(Scope::Courier);
    let found = wait_for(|| {
        let answer = client.get("/v1/metrics").expect_status(200);
        let media_type = "text/plain; version=0.0.4; charset=utf-8";
        assert_eq!(answer.header("content-type"), Some(media_type));
        let found = series(answer.text());
        let has = |(name, value): &(String, f64)| found.get(name) == Some(value);
        if expected.iter().all(has) {
            Ok(found)
        } else {
            Err(found)
        }
    });
    assert!(found["keyback_hashing_seconds_sum"] > 0.0, "{found:?}");
    assert!(
        !found.keys().any(|name| name.contains("kept-out")),
        "{found:?}"
    );
}

#[test]
fn only_a_key_with_the_scope_reads_them() {
    let app = App::shared();
    for word in Scope::Courier.other_words() {
        let refused = app.api_client_with(word).get("/v1/metrics");
        refused.expect_problem(403, "forbidden");
    }
    let refused = app.visitor().get("/v1/metrics");
    refused.expect_problem(401, "unauthorized");
    let client = app.api_client(Scope::Courier);
    let head = client.call("HEAD", "/v1/metrics").send().expect_status(200);
    assert_eq!(head.text(), "");
    let refused = client.post("/v1/metrics", &json!({}));
    refused.expect_problem(405, "method-not-allowed");
    assert_eq!(refused.header("allow"), Some("GET, HEAD"));
}
