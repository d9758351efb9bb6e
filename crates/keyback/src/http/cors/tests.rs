use serde_json::json;

use crate::testing::{App, Reply};

const LISTED: &str = "https://portal.example.test";

fn app() -> App {
    let app = App::with_account();
    let origins = format!("{LISTED} http://localhost:8080");
    app.env.variables.set("cors_origins", &origins);
    app
}

fn has(reply: &Reply, name: &str) -> bool {
    reply.headers.iter().any(|(header, _)| header == name)
}

fn ask(app: &App, method: &str, path: &str, origin: &str) -> Reply {
    let call = app
        .call(path, json!({}))
        .by("OPTIONS")
        .with_header("origin", origin)
        .with_header("access-control-request-method", method);
    app.make(&call)
}

#[test]
fn a_listed_page_may_make_the_calls_that_need_no_key() {
    let app = app();
    for (method, path) in [
        ("POST", "/v1/forgot-password"),
        ("POST", "/v1/verify-otp"),
        ("POST", "/v1/reset-password"),
        ("POST", "/v1/reset-password/check"),
        ("POST", "/v1/password-policy/check"),
        ("POST", "/v1/cancel-recovery"),
    ] {
        let reply = ask(&app, method, path, LISTED);
        assert_eq!(reply.status, 204, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), LISTED);
        assert_eq!(reply.header("access-control-allow-methods"), method);
        assert_eq!(reply.header("vary"), "origin");
        assert!(!has(&reply, "allow"));
    }
}

#[test]
fn a_page_that_is_not_listed_is_told_nothing() {
    let app = app();
    for origin in [
        "https://evil.example.test",
        "https://portal.example.test.evil.test",
        "https://portal.example.test:8443",
        "http://portal.example.test",
        "null",
        "*",
        "",
    ] {
        let reply = ask(&app, "POST", "/v1/forgot-password", origin);
        assert_eq!(reply.status, 405, "{origin}");
        assert!(!has(&reply, "access-control-allow-origin"), "{origin}");
    }
}

#[test]
fn the_calls_that_need_a_key_have_a_list_of_their_own() {
    let app = app();
    let paths = [
        "/v1/admin/users",
        "/v1/admin/users/x/reset-password",
        "/v1/sign-in",
    ];
    for path in paths {
        assert_eq!(ask(&app, "POST", path, LISTED).status, 405, "{path}");
    }
    app.env.variables.set("cors_admin_origins", LISTED);
    for path in paths {
        let reply = ask(&app, "POST", path, LISTED);
        assert_eq!(reply.status, 204, "{path}");
        let headers = reply.header("access-control-allow-headers");
        assert_eq!(headers, "authorization, content-type");
    }
    app.env.variables.set("cors_origins", "");
    assert_eq!(ask(&app, "POST", "/v1/verify-otp", LISTED).status, 405);
}

#[test]
fn an_answer_may_be_read_whatever_it_is() {
    let app = app();
    app.env.variables.set("limit_client_verify", "1/60");
    for status in [400, 429] {
        let call = app.call(
            "/v1/verify-otp",
            json!({"challenge_id": "a", "code": "000000"}),
        );
        let reply = app.make(&call.with_header("origin", LISTED));
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("access-control-allow-origin"), LISTED);
        let exposed = reply.header("access-control-expose-headers");
        assert!(exposed.contains("retry-after"), "{exposed}");
    }
}

#[test]
fn an_origin_may_be_listed_as_people_write_it() {
    let app = app();
    for listed in [
        "https://Portal.Example.test",
        "https://portal.example.test/",
        "https://portal.example.test:443",
        "HTTPS://PORTAL.EXAMPLE.TEST:443/",
    ] {
        app.env.variables.set("cors_origins", listed);
        let reply = ask(&app, "POST", "/v1/verify-otp", LISTED);
        assert_eq!(reply.status, 204, "{listed}");
        assert_eq!(reply.header("access-control-allow-origin"), LISTED);
    }
}

#[test]
fn what_is_no_origin_allows_nothing_and_is_named() {
    let app = app();
    app.env
        .variables
        .set("cors_origins", "* https://a.example.test/path");
    for origin in ["*", "https://a.example.test"] {
        assert_eq!(ask(&app, "POST", "/v1/verify-otp", origin).status, 405);
    }
    let health = app.make(&app.call("/v1/health", json!({})).by("GET"));
    assert_eq!(health.status, 200);
    assert!(
        health
            .body
            .contains("cors_origins: entry 1 is not an https origin"),
        "{}",
        health.body
    );
}
