//! `GET /problems/<slug>`: the page that a problem's type leads to.

use crate::app::{App, Caller as _};

const SLUGS: [&str; 22] = [
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
    "overloaded",
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
    assert_eq!(problem["title"], "The request is not valid");
    let mut titles = Vec::new();
    let tags = languages();
    for tag in &tags {
        let page = app
            .visitor()
            .call("GET", "/problems/validation-failed")
            .header("accept-language", tag)
            .fetch()
            .expect_status(200);
        assert_eq!(page.header("content-language"), Some(tag.as_str()));
        let html = page.text();
        assert!(html.contains(&format!("<html lang=\"{tag}\"")), "{html}");
        let (_, title) = html.split_once("<h1>").expect("a heading");
        titles.push(title.split_once('<').map(|(title, _)| title.to_owned()));
    }
    titles.sort();
    titles.dedup();
    assert_eq!(
        titles.len(),
        tags.len(),
        "each language has a title of its own"
    );
}

/// The tags of the languages that the pages exist in.
fn languages() -> Vec<String> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../components/pages/static/problems/lang"
    );
    let files = std::fs::read_dir(folder).expect("the pages have languages");
    let tag = |file: std::fs::DirEntry| {
        let name = file.file_name().into_string().expect("a tag is ASCII");
        name.trim_end_matches(".json").to_owned()
    };
    files.map(|file| tag(file.expect("a file"))).collect()
}
