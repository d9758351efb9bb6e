//! Orders that cannot be carried out, each with the place where it is wrong; nothing is changed.

use serde_json::{Value, json};

use crate::app::{Answer, App, strong_password};

#[test]
fn a_bad_order_is_told_where_it_is_wrong() {
    let app = App::shared();
    let password = strong_password();
    let with = |name: &str, value: Value| {
        let mut order = json!({ "password": password });
        order[name] = value;
        order
    };
    let mut cases = vec![
        (json!({}), "/password"),
        (json!({ "generate": false }), "/password"),
        (json!({ "send_email": true }), "/password"),
        (with("password", json!(7)), "/password"),
        (with("password", json!(null)), "/password"),
        (with("generate", json!(true)), "/generate"),
        (with("generate", json!("true")), "/generate"),
        (
            json!({ "generate": 1, "return_password": true }),
            "/generate",
        ),
        (with("reason", json!(7)), "/reason"),
        (with("reason", json!("one\ntwo")), "/reason"),
        (with("reason", json!("zebra\u{7f}")), "/reason"),
        (with("reason", json!("ä".repeat(501))), "/reason"),
        (with("surprise", json!(true)), "/surprise"),
        (with("new_password", json!("zebra")), "/new_password"),
        (json!([{ "generate": true }]), ""),
    ];
    for pointer in [
        "/send_email",
        "/return_password",
        "/change_on_next_sign_in",
        "/sign_out_everywhere",
    ] {
        for value in [json!("true"), json!([]), json!(1)] {
            cases.push((with(&pointer[1..], value), pointer));
        }
    }
    for seconds in [
        json!(299),
        json!(2_592_001),
        json!(0),
        json!(-300),
        json!(300.5),
        json!("300"),
        json!(1e300),
    ] {
        cases.push((with("expires_in", seconds), "/expires_in"));
    }
    assert_all_refused(&app, &cases, |answer, pointer| {
        assert_eq!(answer.expect_invalid(), [pointer]);
        assert!(!answer.text().contains("zebra"), "{}", answer.text());
    });
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let app = App::shared();
    let user = app.create_user();
    let order = json!({
        "generate": "yes", "send_email": 1, "return_password": 1, "change_on_next_sign_in": 1,
        "expires_in": 1, "sign_out_everywhere": 1, "reason": 1, "surprise": 1,
    });
    assert_eq!(
        app.portal()
            .reset_users_password(&user.id, &order)
            .expect_invalid(),
        [
            "/change_on_next_sign_in",
            "/expires_in",
            "/generate",
            "/reason",
            "/return_password",
            "/send_email",
            "/sign_out_everywhere",
            "/surprise",
        ]
    );
}

#[test]
fn a_generated_password_that_nobody_would_know_is_refused() {
    let app = App::shared();
    let nobody = [
        json!({ "generate": true }),
        json!({ "generate": true, "send_email": false, "return_password": false }),
        json!({ "generate": true, "change_on_next_sign_in": false, "reason": "zebra" }),
    ];
    let cases = nobody.map(|order| (order, ""));
    assert_all_refused(&app, &cases, |answer, _| {
        answer.expect_problem(422, "undeliverable-password");
    });
}

#[test]
fn a_password_that_the_policy_refuses_is_refused() {
    let app = App::shared();
    let cases = [
        (json!({ "password": "" }), "too-short"),
        (json!({ "password": "x7$Kq" }), "too-short"),
        (json!({ "password": "password" }), "too-common"),
        (json!({ "password": "aaaaaaaaaaaa" }), "too-weak"),
        (json!({ "password": "heron-".repeat(50) }), "too-long"),
        (
            json!({ "password": "Keyback-99", "change_on_next_sign_in": true }),
            "similar-to-app-name",
        ),
    ];
    assert_all_refused(&app, &cases, |answer, code| {
        let codes = answer.expect_violations();
        assert!(codes.contains(&code.to_owned()), "no {code} in {codes:?}");
        let problem = answer.expect_problem(422, "password-rejected");
        assert_eq!(problem["errors"][0]["pointer"], "/password");
    });
}

#[test]
fn an_unknown_account_is_not_found() {
    let app = App::shared();
    let order = json!({ "generate": true, "return_password": true });
    for id in ["nobody-here", "a.b", &"a".repeat(65)] {
        app.portal()
            .reset_users_password(id, &order)
            .expect_problem(404, "not-found");
    }
}

/// Asserts that each of the orders is refused, and that nothing came of any.
#[track_caller]
fn assert_all_refused(app: &App, cases: &[(Value, &str)], refused: impl Fn(&Answer, &str)) {
    let user = app.create_user();
    let recovery = app.recover(&user);
    let before = app.portal().find_user(&user.id).expect_json(200);
    for (order, expected) in cases {
        let answer = app.portal().reset_users_password(&user.id, order);
        refused(&answer, expected);
    }
    assert_eq!(app.portal().find_user(&user.id).expect_json(200), before);
    app.assert_signs_in(&user, &user.password);
    app.reset_token(&recovery);
    app.sink().assert_no_mail(&user.email);
}
