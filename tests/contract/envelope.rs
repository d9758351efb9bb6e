//! Content types, sizes, methods and paths.

use serde_json::json;

use super::{BODY_LIMIT, ROUTES};
use crate::app::{App, Caller as _, unique_email};

#[test]
fn a_good_body_is_taken_with_or_without_a_charset() {
    let app = App::shared();
    let types = [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
    ];
    for route in &ROUTES {
        for content_type in types {
            let body = (route.body)(&app).to_string();
            route
                .send(&app, Some(content_type), body)
                .expect_status(route.status);
        }
    }
}

#[test]
fn another_content_type_is_refused() {
    let app = App::shared();
    let types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "json",
        "",
    ];
    for route in &ROUTES {
        let body = (route.body)(&app).to_string();
        for content_type in types {
            let refused = route.send(&app, Some(content_type), body.clone());
            refused.expect_problem(415, "unsupported-media-type");
        }
        route
            .send(&app, None, body)
            .expect_problem(415, "unsupported-media-type");
    }
}

#[test]
fn a_body_may_have_sixteen_kibibytes_and_no_octet_more() {
    let app = App::shared();
    for route in &ROUTES {
        let mut body = (route.body)(&app).to_string();
        body.push_str(&" ".repeat(BODY_LIMIT - body.len()));
        route
            .send_json(&app, body.clone())
            .expect_status(route.status);
        body.push(' ');
        route
            .send_json(&app, body)
            .expect_problem(413, "payload-too-large");
    }
}

#[test]
fn a_mebibyte_is_refused_however_its_length_is_said() {
    let app = App::shared();
    let mebibyte = format!("{{\"email\":\"{}\"}}", "a".repeat(1 << 20));
    // The calls that need no key: those with one answer 413 at their limit, as the test before this shows.
    for route in ROUTES.iter().filter(|route| route.scope.is_none()) {
        let wire = app.wire();
        let head = wire.head(
            "POST",
            route.path,
            &format!("Content-Length: {}", mebibyte.len()),
        );
        let request = format!("{head}{mebibyte}").into_bytes();
        wire.overwhelm(route.path, request)
            .expect_problem(413, "payload-too-large");

        let wire = app.wire();
        let head = wire.head("POST", route.path, "Transfer-Encoding: chunked");
        let request = format!("{head}{:x}\r\n{mebibyte}\r\n0\r\n\r\n", mebibyte.len()).into_bytes();
        wire.overwhelm(route.path, request)
            .expect_problem(413, "payload-too-large");
    }
    app.visitor()
        .forgot_password(&unique_email())
        .expect_status(202);
}

#[test]
fn a_wrong_method_is_told_the_right_one_and_changes_nothing() {
    let app = App::shared();
    let user = app.create_user();
    for route in &ROUTES {
        let caller = route.caller(&app);
        // GET lists the accounts where the others know only POST.
        let foreign = ["GET", "PUT", "DELETE", "PATCH"]
            .into_iter()
            .filter(|&method| !(method == "GET" && route.path == "/v1/admin/users"));
        for method in foreign {
            let refused = caller
                .call(method, &format!("{}?email={}", route.path, user.email))
                .send();
            refused.expect_problem(405, "method-not-allowed");
            let allow = refused.header("allow").unwrap_or_default();
            assert!(
                allow.split(", ").any(|allowed| allowed == "POST"),
                "{}: {allow}",
                route.path
            );
        }
        let with_a_body = caller
            .call("PUT", route.path)
            .json(&json!({ "email": user.email }))
            .send();
        with_a_body.expect_problem(405, "method-not-allowed");
    }
    let head = app
        .visitor()
        .call("HEAD", "/v1/forgot-password")
        .send()
        .expect_status(405);
    assert_eq!(head.text(), "");
    let portal = app.portal();
    let on_an_account = portal
        .call("POST", &format!("/v1/admin/users/{}", user.id))
        .json(&json!({}))
        .send();
    on_an_account.expect_problem(405, "method-not-allowed");
    assert!(
        on_an_account
            .header("allow")
            .is_some_and(|allow| allow.contains("GET")),
        "{:?}",
        on_an_account.headers
    );
    portal
        .get("/v1/courier/run")
        .expect_problem(405, "method-not-allowed");

    app.sink().assert_no_mail(&user.email);
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn an_unknown_path_is_a_problem_too() {
    let app = App::shared();
    let paths = [
        "/v1",
        "/v1/",
        "/v1/nope",
        "/v1/forgot-password/nope",
        "/nope",
        "/problems/nope",
        "/v1/admin",
        "/%00",
        "/..%2f",
    ];
    for path in paths {
        app.visitor().get(path).expect_problem(404, "not-found");
    }
    app.visitor()
        .post("/v1/nope", &json!({}))
        .expect_problem(404, "not-found");
    app.visitor()
        .call("DELETE", "/v1/nope")
        .send()
        .expect_problem(404, "not-found");
}

#[test]
fn every_answer_has_an_id_of_its_own() {
    let app = App::shared();
    let ids = || {
        let answer = app.visitor().forgot_password("zebra");
        let instance = answer.expect_problem(422, "validation-failed")["instance"].to_string();
        (answer.header("x-request-id").map(str::to_owned), instance)
    };
    let (one, other) = (ids(), ids());
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
}
