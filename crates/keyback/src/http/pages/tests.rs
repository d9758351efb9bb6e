use std::io::Write as _;

use super::*;
use crate::http::request::Body;
use crate::http::routes::{self, PageFiles};
use crate::http::text::Text;
use crate::http::{problem_pages, serve};
use crate::ports::Env as _;
use crate::settings;
use crate::store::cx::Cx;
use crate::testing::{MemoryEnv, SeededRandom, block_on};

mod languages;

const FILE: File = File {
    name: "style.css",
    text: Text::plain("body {}"),
};

static FILES: Files = Files::new(
    &[FILE],
    &[
        Language {
            tag: "en",
            name: "English",
            words: Text::plain(
                r#"{"direction": "ltr",
                "start.title": "Your {app} password"}"#,
            ),
        },
        Language {
            tag: "ar",
            name: "العربية",
            words: Text::plain(
                r#"{"direction": "rtl",
                "start.title": "كلمة مرور {app}"}"#,
            ),
        },
    ],
);

fn request(method: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = ::http::Request::builder().method(method).uri("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    Request::new(&head, Body::Read(Vec::new()), &SeededRandom::new(1)).unwrap()
}

/// Status, headers and body of the answer to a `GET`.
fn answered(answer: Answer) -> (u16, ::http::HeaderMap, String) {
    let response = answer.render(&request("GET", &[]), None);
    let (head, body) = response.into_parts();
    (
        head.status.as_u16(),
        head.headers,
        String::from_utf8(body).unwrap(),
    )
}

fn load(env: &MemoryEnv) -> Result<Pages, Unavailable> {
    block_on(settings::load(env.variables()))
}

fn page(env: &MemoryEnv, page: Page, headers: &[(&str, &str)]) -> (u16, ::http::HeaderMap, String) {
    let settings = load(env);
    answered(get(&settings, &request("GET", headers), &FILES, page))
}

fn problem_page(env: &MemoryEnv, slug: &str) -> (u16, ::http::HeaderMap, String) {
    let request = request("GET", &[]);
    let settings = load(env).ok();
    answered(problem_pages::get(
        settings.as_ref(),
        &request,
        &FILES,
        &[],
        slug,
    ))
}

#[test]
fn names_and_links_of_the_operator_are_escaped() {
    let env = MemoryEnv::default();
    env.variables.set("app_name", "<b>A&\"B\"</b>");
    env.variables
        .set("support_url", "https://help.example.test/?a=\"><script>");
    for (_, _, html) in [
        page(&env, Page::Start, &[]),
        problem_page(&env, "invalid-otp"),
    ] {
        assert!(!html.contains("<b>") && !html.contains("\"><script>"));
        assert!(html.contains("&#60;b&#62;A&#38;&#34;B&#34;"), "{html}");
    }
}

#[test]
fn a_page_speaks_the_browsers_language_in_its_direction() {
    let env = MemoryEnv::default();
    let (_, headers, html) = page(&env, Page::Start, &[("accept-language", "ar-EG")]);
    assert!(html.contains(r#"<html lang="ar" dir="rtl""#), "{html}");
    assert!(html.contains("كلمة مرور Keyback"));
    assert_eq!(headers["content-language"], "ar");
}

#[test]
fn no_page_is_stored_framed_or_given_anything_from_elsewhere() {
    let env = MemoryEnv::default();
    env.variables
        .set("public_base_url", "https://id.example.test");
    for shown in [
        page(&env, Page::ResetPassword, &[]),
        problem_page(&env, "not-found"),
    ] {
        let (status, headers, _) = shown;
        assert_eq!(status, 200);
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["content-security-policy"], CONTENT_SECURITY_POLICY);
        assert_eq!(headers["strict-transport-security"], TRANSPORT_SECURITY);
    }
    env.variables
        .set("public_base_url", "http://127.0.0.1:3000");
    let (_, headers, _) = page(&env, Page::ResetPassword, &[]);
    assert!(!headers.contains_key("strict-transport-security"));
}

static ALL: PageFiles = PageFiles {
    pages: &FILES,
    portal: &FILES,
    problems: &[Language {
        tag: "en",
        name: "English",
        words: Text::plain("{}"),
    }],
    openapi: Text::plain("{}"),
};

/// The component's answer, with the outage that it reports.
fn served(env: &MemoryEnv, request: Request) -> (u16, ::http::HeaderMap, String) {
    let route = async |cx: &mut Cx<'_, MemoryEnv>, request: &Request| {
        routes::pages(cx, request, &ALL).await
    };
    let (response, _) = block_on(serve(env, request, route));
    let (head, body) = response.into_parts();
    let body = String::from_utf8(body).unwrap();
    (head.status.as_u16(), head.headers, body)
}

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

fn request_to(method: &str, path: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = ::http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    Request::new(&head, Body::Read(Vec::new()), &SeededRandom::new(1)).unwrap()
}

#[test]
fn bad_variables_close_the_pages_but_not_those_about_problems() {
    let env = MemoryEnv::default();
    env.variables.set("public_base_url", "http://example.test");
    assert_eq!(page(&env, Page::ForgotPassword, &[]).0, 503);
    for path in ["/", "/forgot-password", "/portal"] {
        let (status, headers, html) = served(&env, request_to("GET", path, &[BROWSER]));
        assert_eq!(status, 503, "{path}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["retry-after"], "5");
        assert!(!html.contains("example.test"), "{html}");
        let (status, headers, _) = served(&env, request_to("GET", path, &[]));
        assert_eq!(status, 503, "{path}");
        assert_eq!(headers["content-type"], "application/problem+json");
    }
    let (status, _, html) = problem_page(&env, "service-unavailable");
    assert_eq!(status, 200);
    assert!(!html.contains("example.test"));
}

#[test]
fn what_only_looks_or_links_closes_nothing() {
    let env = MemoryEnv::default();
    for (name, value) in [
        ("support_url", "javascript:alert(1)"),
        ("accent_color", "#635bff"),
        ("accent_color_dark", "blue"),
        ("logo_text", "a\nb"),
        ("logo_image", "javascript:alert(1)"),
        ("link_ttl_seconds", "1"),
        ("app_name", ""),
        ("sign_in_url", "javascript:alert(1)"),
        ("return_urls", "javascript:alert(1)"),
    ] {
        env.variables.set(name, value);
        let (status, _, html) = page(&env, Page::ForgotPassword, &[]);
        assert_eq!(status, 200, "{name}");
        assert!(!html.contains("javascript:"));
    }
}

#[test]
fn what_is_missing_is_a_page_for_browsers_and_a_problem_for_others() {
    let env = MemoryEnv::default();
    for path in [
        "/nothing",
        "/v1/nothing",
        "/problems/nothing",
        "/assets/x/y.css",
    ] {
        for (method, headers, media_type) in [
            ("GET", &[BROWSER][..], "text/html; charset=utf-8"),
            ("POST", &[BROWSER], "application/problem+json"),
            ("GET", &[("accept", "*/*")], "application/problem+json"),
            ("GET", &[], "application/problem+json"),
        ] {
            let (status, headers, _) = served(&env, request_to(method, path, headers));
            let is_of_pages = path.starts_with("/problems") || path.starts_with("/assets");
            let expected = if method == "POST" && is_of_pages {
                405
            } else {
                404
            };
            assert_eq!(status, expected, "{method} {path}");
            assert_eq!(headers["content-type"], media_type, "{method} {path}");
        }
    }
}

#[test]
fn files_are_kept_under_their_version_only() {
    let url = FILES.url("style.css");
    let version = url.split('/').nth(2).unwrap();
    let (status, headers, text) = answered(file(&[&FILES], version, &["style.css"]));
    assert_eq!((status, text.as_str()), (200, "body {}"));
    assert_eq!(headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(
        headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let (status, headers, _) = answered(file(&[&FILES], version, &["lang", "ar.json"]));
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    for (version, name) in [
        ("0000000000000000", &["style.css"][..]),
        ("", &["style.css"]),
        (version, &["nope.css"]),
        (version, &["lang", "nope.json"]),
        (version, &["lang"]),
        (version, &[]),
    ] {
        assert_eq!(answered(file(&[&FILES], version, name)).0, 404, "{name:?}");
    }
    let other = File {
        text: Text::plain("body{}"),
        ..FILE
    };
    let others = Files::new(Box::leak(Box::new([other])), &[]);
    assert_ne!(others.url("style.css"), url);
}

/// `text` as the build stores it.
fn compressed(text: &str) -> Text {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(text.as_bytes()).unwrap();
    Text::gzip(gzip.finish().unwrap().leak())
}

#[test]
fn clients_that_accept_gzip_get_compressed_files() {
    let text = compressed("body { margin: 0 }");
    let stored = text.compressed().unwrap();
    let files = Files::new(Box::leak(Box::new([File { text, ..FILE }])), &[]);
    let asked = |headers: &[(&str, &str)]| {
        let answer = file(&[&files], "latest", &["style.css"]);
        answer.render(&request("GET", headers), None).into_parts()
    };
    let (head, body) = asked(&[("accept-encoding", "br, gzip")]);
    assert_eq!(body, stored);
    assert_eq!(head.headers["content-encoding"], "gzip");
    assert_eq!(head.headers["content-length"], stored.len().to_string());
    assert_eq!(head.headers["vary"], "accept-encoding");
    for headers in [&[][..], &[("accept-encoding", "gzip;q=0")]] {
        let (head, body) = asked(headers);
        assert_eq!(body, b"body { margin: 0 }");
        assert!(!head.headers.contains_key("content-encoding"));
        assert_eq!(head.headers["content-length"], body.len().to_string());
        assert_eq!(head.headers["vary"], "accept-encoding");
    }
}

#[test]
fn a_page_gets_its_words_from_compressed_files() {
    let words = compressed(
        r#"{"direction": "ltr",
                "start.title": "Compressed {app}"}"#,
    );
    let language = Language {
        tag: "en",
        name: "English",
        words,
    };
    let files = Files::new(&[], Box::leak(Box::new([language])));
    let env = MemoryEnv::default();
    let (_, _, html) = answered(get(
        &load(&env),
        &request("GET", &[("accept-encoding", "gzip")]),
        &files,
        Page::Start,
    ));
    assert!(html.contains("Compressed Keyback"), "{html}");
}

#[test]
fn a_text_that_cannot_be_decompressed_is_empty() {
    for bytes in [&b""[..], b"body {}", b"\x1f\x8b\x08"] {
        assert_eq!(Text::gzip(bytes).read(), "");
    }
}

#[test]
fn password_managers_are_led_to_the_page() {
    let (status, headers, body) = answered(change_password());
    assert_eq!((status, body.as_str()), (302, ""));
    assert_eq!(headers["location"], "/forgot-password");
}

#[derive(Template)]
#[template(source = "{{ broken }}", ext = "txt")]
struct BrokenTemplate {
    broken: Broken,
}

struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

#[test]
fn a_template_that_fails_is_an_outage_and_not_a_missing_page() {
    let answer = html(200, &BrokenTemplate { broken: Broken }, None);
    assert_eq!(answer.outage(), Some(&Unavailable::Template));
    assert_eq!(answer.status(), 503);
}
