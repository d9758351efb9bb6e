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
