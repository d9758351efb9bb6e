//! Calls by pages on other origins: browsers may let them through from the origins that are listed.

use serde_json::json;

use crate::app::{Answer, App, Caller as _, unique_email};

const PAGE: &str = "https://portal.example.test";
const ADMIN_PAGE: &str = "https://admin.example.test";

/// The preflight request that a browser sends before the call.
fn ask(app: &App, origin: &str, method: &str, path: &str) -> Answer {
    app.visitor()
        .call("OPTIONS", path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "content-type")
        .send()
}

fn app() -> App {
    App::builder()
        .variable("cors_origins", PAGE)
        .variable("cors_admin_origins", ADMIN_PAGE)
        .start()
}

#[test]
fn a_listed_page_may_ask_for_a_mail_and_read_the_answer() {
    let app = app();
    let asked = ask(&app, PAGE, "POST", "/v1/forgot-password").expect_status(204);
    assert_eq!(asked.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(asked.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(asked.text(), "");
    let page = app.visitor().sending("origin", PAGE);
    let answer = page.forgot_password(&unique_email()).expect_status(202);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    let refused = page.post("/v1/verify-otp", &json!({})).expect_status(422);
    assert_eq!(refused.header("access-control-allow-origin"), Some(PAGE));
}

#[test]
fn each_list_is_for_its_own_calls() {
    let app = app();
    let public = [
        "/v1/forgot-password",
        "/v1/verify-otp",
        "/v1/reset-password",
        "/v1/cancel-recovery",
    ];
    let admin = [
        "/v1/admin/users",
        "/v1/admin/users/a/reset-password",
        "/v1/sign-in",
        "/v1/change-password",
    ];
    for (origin, listed, others) in [(PAGE, public, admin), (ADMIN_PAGE, admin, public)] {
        for path in listed {
            ask(&app, origin, "POST", path).expect_status(204);
        }
        for path in others {
            let refused = ask(&app, origin, "POST", path).expect_status(405);
            assert_eq!(refused.header("access-control-allow-origin"), None);
        }
    }
}

#[test]
fn no_other_page_is_told_anything() {
    let app = app();
    for origin in [
        "https://evil.example.test",
        "null",
        "*",
        "http://portal.example.test",
    ] {
        let refused = ask(&app, origin, "POST", "/v1/forgot-password").expect_status(405);
        assert_eq!(
            refused.header("access-control-allow-origin"),
            None,
            "{origin}"
        );
        // The call itself is not refused: it is the browser that keeps the answer from the page.
        let page = app.visitor().sending("origin", origin);
        let answer = page.forgot_password(&unique_email()).expect_status(202);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{origin}"
        );
    }
}
