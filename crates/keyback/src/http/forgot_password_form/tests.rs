//! The form is answered with pages that have the statuses of the JSON call, and makes the same requests.

use super::*;
use crate::courier::after_response;
use crate::http::text::Text;
use crate::http::{Body, routes, serve};
use crate::settings;
use crate::testing::{App, block_on};

static WORDS: Files = Files::words_only(&[
    Language {
        tag: "en",
        name: "English",
        words: Text::plain(
            r#"{"sent.title": "Sent",
                "sent.intro": "intro of {app}",
                "error.title": "Failed",
                "error.address": "bad address",
                "error.too-many": "wait {count}",
                "error.unavailable": "outage",
                "error.form": "bad form"}"#,
        ),
    },
    Language {
        tag: "de",
        name: "Deutsch",
        words: Text::plain(
            r#"{"sent.title": "Verschickt",
                "direction": "ltr"}"#,
        ),
    },
]);
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const HERE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Status, body and headers of the answer, after the work that follows it.
fn send(app: &App, headers: &[(&str, &str)], body: Body) -> (u16, String, ::http::HeaderMap) {
    let mut request = ::http::Request::post("/forgot-password/submit")
        .header("spin-client-addr", "192.0.2.1:50000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    let request = Request::new(&head, body, app.env.random()).unwrap();
    let (response, deferred) = block_on(serve(&app.env, request, async |env, request| {
        routes::forgot_password(env, request, &WORDS).await
    }));
    block_on(after_response::run(&app.env, deferred));
    let (head, body) = response.into_parts();
    let body = String::from_utf8(body).unwrap();
    (head.status.as_u16(), body, head.headers)
}

fn asked(app: &App, email: &str) -> (u16, String, ::http::HeaderMap) {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("email", email)
        .finish();
    send(app, &[FORM, HERE], Body::Read(body.into_bytes()))
}

#[test]
fn known_and_unknown_addresses_get_one_page_and_the_known_one_its_mail() {
    let app = App::with_account();
    let known = asked(&app, App::EMAIL);
    assert_eq!(app.take_mails().len(), 1);
    let unknown = asked(&app, App::NOBODY);
    assert_eq!(app.take_mails().len(), 0);
    assert_eq!((known.0, &known.1), (202, &unknown.1));
    assert!(known.1.contains("intro of Keyback"), "{}", known.1);
    assert!(!known.1.contains(App::EMAIL));
    assert_eq!(known.2["cache-control"], "no-store");
    assert!(known.2.contains_key("content-security-policy"));
    assert!(known.1.contains("/assets/latest/style.css"));
}

#[test]
fn a_page_and_the_mail_are_in_the_readers_language() {
    let app = App::with_account();
    let body = Body::Read(format!("email={}", App::EMAIL).into_bytes());
    let (_, page, headers) = send(&app, &[FORM, HERE, ("accept-language", "de")], body);
    assert!(
        page.contains("Verschickt") && page.contains(r#"lang="de""#),
        "{page}"
    );
    assert_eq!(headers["content-language"], "de");
    assert!(app.take_mails()[0].text.contains("Passwort"));
}

#[test]
fn what_is_no_such_form_is_refused_with_a_page_and_sends_nothing() {
    let app = App::with_account();
    let body = || Body::Read(format!("email={}", App::EMAIL).into_bytes());
    let json = Body::Read(br#"{"email":"a@example.com"}"#.to_vec());
    let elsewhere = [
        &[FORM][..],
        &[FORM, ("sec-fetch-site", "cross-site")],
        &[FORM, ("sec-fetch-site", "same-site")],
        &[FORM, ("sec-fetch-site", "none")],
        &[FORM, ("origin", "https://evil.example")],
        &[FORM, ("origin", "null")],
        &[
            FORM,
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://id.example.com"),
        ],
    ];
    for headers in elsewhere {
        let (status, page, _) = send(&app, headers, body());
        assert_eq!(status, 403, "{headers:?}");
        assert!(page.contains("bad form"), "{page}");
    }
    let typed = ("content-type", "application/json");
    assert_eq!(send(&app, &[typed, HERE], json).0, 415);
    assert_eq!(send(&app, &[HERE], body()).0, 415);
    assert_eq!(send(&app, &[FORM, HERE], Body::TooLarge).0, 413);
    for bad in [
        "",
        "email=",
        "email=ann",
        "mail=a@example.com",
        "email=a@example.com&email=b@example.com",
    ] {
        let (status, page, _) = send(&app, &[FORM, HERE], Body::Read(bad.as_bytes().to_vec()));
        assert_eq!(status, 422, "{bad}");
        assert!(page.contains("bad address"), "{page}");
    }
    assert_eq!(app.take_mails().len(), 0);
}

#[test]
fn a_browser_without_fetch_metadata_is_believed_by_its_origin() {
    let app = App::with_account();
    let base_url = block_on(settings::load::<Site>(app.env.variables()))
        .unwrap()
        .base_url;
    let body = Body::Read(format!("email={}", App::EMAIL).into_bytes());
    let origin = base_url.to_string();
    assert_eq!(send(&app, &[FORM, ("origin", &origin)], body).0, 202);
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn the_limit_is_the_same_one_and_says_how_long_to_wait() {
    let app = App::with_account();
    app.env.variables.set("limit_client_forgot", "2/3600");
    assert_eq!(app.forgot(App::NOBODY).status, 202);
    assert_eq!(asked(&app, App::NOBODY).0, 202);
    let (status, page, headers) = asked(&app, App::EMAIL);
    assert_eq!(status, 429);
    let seconds: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(
        page.contains(&format!("wait {}", seconds.div_ceil(60))),
        "{page}"
    );
    assert_eq!(app.take_mails().len(), 0);
}

#[test]
fn an_app_that_is_not_configured_says_so_on_the_page_and_why_in_the_log() {
    for variable in ["email_provider", "public_base_url"] {
        let app = App::with_account();
        app.env.variables.set(variable, "telltale");
        let (status, page, headers) = asked(&app, App::EMAIL);
        assert_eq!(status, 503, "{variable}");
        assert!(headers.contains_key("retry-after"));
        assert!(
            page.contains("outage") && !page.contains(variable),
            "{page}"
        );
        let log = app.env.log.lines().join("\n");
        assert!(log.contains(variable) && !log.contains("telltale"), "{log}");
    }
}
