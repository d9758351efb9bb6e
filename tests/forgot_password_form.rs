//! `POST /forgot-password/submit`: the form that a browser without scripts sends.

use crate::app::{Answer, App, Caller as _, PUBLIC_BASE_URL, strong_password, unique_email};

const PATH: &str = "/forgot-password/submit";

type Headers<'a> = &'a [(&'a str, &'a str)];

fn submit(app: &App, headers: Headers, body: String) -> Answer {
    let call = app
        .visitor()
        .call("POST", PATH)
        .header("content-type", "application/x-www-form-urlencoded");
    let call = headers
        .iter()
        .fold(call, |call, (name, value)| call.header(name, value));
    call.body(body).fetch()
}

fn asked(app: &App, email: &str) -> Answer {
    let body = format!("email={}", email.replace('@', "%40"));
    submit(app, &[("sec-fetch-site", "same-origin")], body)
}

#[test]
fn the_form_sends_the_mail_and_looks_alike_for_unknown_addresses() {
    let app = App::shared();
    let user = app.create_user();
    let known = asked(&app, &user.email).expect_status(202);
    let mail = app.sink().wait_for_mail(&user.email);
    let unknown = asked(&app, &unique_email()).expect_status(202);
    assert_eq!(known.text(), unknown.text());
    assert_eq!(
        known.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(known.header("cache-control"), Some("no-store"));
    let password = strong_password();
    app.visitor()
        .reset_password(&mail.link_token(), &password)
        .expect_nothing();
    app.assert_signs_in(&user, &password);
}

#[test]
fn the_form_is_counted_with_the_calls() {
    let app = App::builder()
        .variable("limit_client_forgot", "2/86400")
        .start();
    app.visitor()
        .forgot_password(&unique_email())
        .expect_status(202);
    asked(&app, &unique_email()).expect_status(202);
    let refused = asked(&app, &unique_email()).expect_status(429);
    assert!(refused.header("retry-after").is_some());
    app.visitor()
        .forgot_password(&unique_email())
        .expect_problem(429, "rate-limited");
}

#[test]
fn a_form_from_elsewhere_or_a_bad_one_is_refused_with_a_page_and_sends_nothing() {
    let app = App::shared();
    let user = app.create_user();
    let body = || format!("email={}", user.email);
    let here = ("sec-fetch-site", "same-origin");
    let cases: [(Headers, String, u16); 6] = [
        (&[], body(), 403),
        (&[("sec-fetch-site", "cross-site")], body(), 403),
        (&[("origin", "https://evil.example")], body(), 403),
        (
            &[("sec-fetch-site", "same-site"), ("origin", PUBLIC_BASE_URL)],
            body(),
            403,
        ),
        (&[here], "email=ann".to_owned(), 422),
        (&[here], format!("email={}", "a".repeat(20_000)), 413),
    ];
    for (headers, body, status) in cases {
        let refused = submit(&app, headers, body).expect_status(status);
        assert_eq!(
            refused.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(refused.text().contains("href=\"/forgot-password\""));
    }
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn whoever_comes_back_to_its_address_is_led_to_the_form() {
    let app = App::shared();
    let led = app.visitor().call("GET", PATH).fetch().expect_status(302);
    assert_eq!(led.header("location"), Some("/forgot-password"));
    let refused = app.visitor().call("PUT", PATH).fetch();
    refused.expect_problem(405, "method-not-allowed");
}
