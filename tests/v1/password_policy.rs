//! `GET /v1/password-policy`

use serde_json::json;

use crate::app::{App, Caller as _};

#[test]
fn the_policy_is_told_as_the_operator_set_it() {
    let app = App::builder().variable("password_min_length", "15").start();
    let policy = app.visitor().get("/v1/password-policy").expect_json(200);
    assert_eq!(policy["min_length"], 15);
    assert_eq!(policy["max_length"], 256);
    assert_eq!(policy["admin_may_choose"], true);
    assert_eq!(policy["temporary_password_expires_in"], 259_200);
    assert!(
        policy["passwordrules"]
            .as_str()
            .is_some_and(|rules| rules.contains("minlength:")),
        "{policy}"
    );

    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    let refused = app.visitor().reset_password(&token, "heron-9ZkQ2w-t");
    assert!(
        refused
            .expect_violations()
            .contains(&"too-short".to_owned())
    );
}

#[test]
fn it_tells_that_administrators_only_generate() {
    let app = App::builder()
        .variable("admin_may_choose_password", "false")
        .start();
    let policy = app.visitor().get("/v1/password-policy").expect_json(200);
    assert_eq!(policy["admin_may_choose"], false);
}

#[test]
fn only_a_get_asks_for_it() {
    let app = App::shared();
    let refused = app.visitor().post("/v1/password-policy", &json!({}));
    refused.expect_problem(405, "method-not-allowed");
    assert!(
        refused
            .header("allow")
            .is_some_and(|allow| allow.contains("GET"))
    );
}

#[test]
fn a_password_is_assessed_while_it_is_typed_and_nothing_becomes_of_it() {
    let app = App::shared();
    let user = app.create_user();
    let assess = |password: &str, email: Option<&str>| {
        let body = json!({ "password": password, "email": email });
        app.visitor()
            .post("/v1/password-policy/check", &body)
            .expect_json(200)
    };
    let weak = assess("12345", None);
    assert_eq!(weak["accepted"], false);
    assert_eq!(weak["score"], 0);
    let codes: Vec<_> = weak["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["code"].clone())
        .collect();
    assert_eq!(codes, ["too-short", "too-common", "too-weak"]);
    assert_eq!(weak["errors"][0]["pointer"], "/password");

    let good = assess("nine-otters-cross-the-river", Some(&user.email));
    assert_eq!(good, json!({"score": 4, "accepted": true, "errors": []}));
    let own = assess(&user.email, Some(&user.email));
    let is_own = |error: &serde_json::Value| error["code"] == "similar-to-email";
    assert!(
        own["errors"]
            .as_array()
            .is_some_and(|all| all.iter().any(is_own))
    );
}

#[test]
fn assessments_are_limited_by_client_to_ten_for_each_reset() {
    let app = App::builder()
        .variable("limit_client_reset", "1/86400")
        .start();
    let visitor = app.visitor();
    let assess = || visitor.post("/v1/password-policy/check", &json!({"password": "heron"}));
    for _ in 0..10 {
        assess().expect_json(200);
    }
    let limited = assess();
    limited.expect_problem(429, "rate-limited");
    assert!(limited.header("retry-after").is_some());
}

#[test]
fn an_assessment_needs_a_password_and_nothing_unknown() {
    let app = App::shared();
    let visitor = app.visitor();
    for body in [
        json!({}),
        json!({"password": 7}),
        json!({"password": "heron", "email": "nobody"}),
        json!({"password": "heron", "new_password": "heron"}),
    ] {
        let refused = visitor.post("/v1/password-policy/check", &body);
        refused.expect_problem(422, "validation-failed");
    }
    let refused = visitor.call("GET", "/v1/password-policy/check").send();
    refused.expect_problem(405, "method-not-allowed");
    assert_eq!(refused.header("allow"), Some("POST"));
}
