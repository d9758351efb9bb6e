//! `GET /problems/<slug>`: the page that a problem's type leads to.

use crate::app::{App, Caller as _};

const SLUGS: [&str; 19] = [
    "validation-failed",
    "unsupported-media-type",
    "payload-too-large",
    "method-not-allowed",
    "not-found",
    "rate-limited",
    "invalid-otp",
    "invalid-reset-token",
    "password-rejected",
    "unauthorized",
    "forbidden",
    "invalid-credentials",
    "conflict",
    "no-credential",
    "account-disabled",
    "undeliverable-password",
    "password-expired",
    "service-unavailable",
    "start-again",
];

#[test]
fn every_problem_has_a_page_that_explains_it() {
    let app = App::shared();
    let mut pages = Vec::new();
    for slug in SLUGS {
        let page = app
            .visitor()
            .call("GET", &format!("/problems/{slug}"))
            .fetch()
            .expect_status(200);
        let content_type = page.header("content-type").unwrap_or_default();
        assert!(
            content_type.starts_with("text/html"),
            "{slug}: {content_type}"
        );
        assert_eq!(
            page.header("x-content-type-options"),
            Some("nosniff"),
            "{slug}"
        );
        assert!(page.text().contains("</html>"), "{slug}: {}", page.text());
        pages.push(page.body);
    }
    pages.sort();
    pages.dedup();
    assert_eq!(
        pages.len(),
        SLUGS.len(),
        "each problem has a page of its own"
    );
}

#[test]
fn a_problems_title_stands_on_its_page() {
    let app = App::shared();
    let problem = app
        .visitor()
        .forgot_password("zebra")
        .expect_problem(422, "validation-failed");
    let title = problem["title"].as_str().expect("a problem has a title");
    let page = app
        .visitor()
        .call("GET", "/problems/validation-failed")
        .fetch();
    assert!(page.text().contains(title), "no {title} in {}", page.text());
}
