//! `GET /problems/<slug>`: the page that a problem's type leads to.

use crate::app::{App, Caller as _};

const SLUGS: [&str; 21] = [
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
    "not-authentic",
    "forbidden",
    "invalid-credentials",
    "conflict",
    "no-credential",
    "account-disabled",
    "email-not-failed",
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

#[test]
fn the_page_of_a_problem_speaks_the_browsers_language_and_the_problem_english() {
    let app = App::shared();
    let problem = app
        .visitor()
        .call("POST", "/v1/forgot-password")
        .header("accept-language", "de")
        .json(&serde_json::json!({"email": "zebra"}))
        .fetch()
        .expect_problem(422, "validation-failed");
    assert_eq!(problem["title"], "The body is not as documented");
    let mut titles = Vec::new();
    for tag in ["en", "de", "fr", "es", "pt", "ja", "zh-Hans"] {
        let page = app
            .visitor()
            .call("GET", "/problems/validation-failed")
            .header("accept-language", tag)
            .fetch()
            .expect_status(200);
        assert_eq!(page.header("content-language"), Some(tag));
        let html = page.text();
        assert!(html.contains(&format!("<html lang=\"{tag}\"")), "{html}");
        let (_, title) = html.split_once("<h1>").expect("a heading");
        titles.push(title.split_once('<').map(|(title, _)| title.to_owned()));
    }
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 7, "each language has a title of its own");
}
