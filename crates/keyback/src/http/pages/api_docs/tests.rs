//! The page matches the document.

use super::*;
use crate::http::request::{Body as Sent, Request};
use crate::http::v1::openapi_json;
use crate::ports::Env as _;
use crate::settings;
use crate::testing::{MemoryEnv, SeededRandom, block_on};

static FILES: Files = Files::new(
    &[],
    &[Language {
        tag: "en",
        name: "English",
        words: Text::plain(r#"{"direction": "ltr"}"#),
    }],
);

fn json() -> &'static str {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.yaml");
    let yaml = std::fs::read_to_string(path).unwrap();
    let document: Value = serde_saphyr::from_str(&yaml).unwrap();
    document.to_string().leak()
}

fn request(headers: &[(&str, &str)]) -> Request {
    let mut request = ::http::Request::get("/docs");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    Request::new(&head, Sent::Read(Vec::new()), &SeededRandom::new(1)).unwrap()
}

fn load(env: &MemoryEnv) -> Result<Pages, Unavailable> {
    block_on(settings::load(env.variables()))
}

fn shown(answer: Answer) -> (u16, ::http::HeaderMap, String) {
    let (head, body) = answer.render(&request(&[]), None).into_parts();
    (
        head.status.as_u16(),
        head.headers,
        String::from_utf8(body).unwrap(),
    )
}

#[test]
fn every_call_member_problem_and_schema_is_on_the_page() {
    let env = MemoryEnv::default();
    let (status, _, html) = shown(get(&load(&env), &FILES, Text::plain(json())));
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(json()).unwrap();
    for (path, methods) in members(&document, "paths") {
        assert!(html.contains(&format!("</b> {path}<")), "{path}");
        for operation in methods.as_object().unwrap().values() {
            let id = text_at(operation, "/operationId");
            assert!(html.contains(&format!("<article id=\"{id}\"")), "{id}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(html.contains(&format!("id=\"schema-{name}\"")), "{name}");
        for (member, _) in members(schema, "properties") {
            assert!(
                html.contains(&format!("<code>{member}</code>")),
                "{name} {member}"
            );
        }
    }
    for word in [
        "challenge_id",
        "password-rejected",
        "300 to 1209600",
        "users:write",
        "curl -i",
    ] {
        assert!(html.contains(word), "{word}");
    }
    // Each link within the page has a target.
    for (_, rest) in html
        .match_indices("href=\"#")
        .map(|(at, it)| (it, &html[at + it.len()..]))
    {
        let target = rest.split('"').next().unwrap();
        assert!(html.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[test]
fn the_page_and_the_document_can_be_switched_off() {
    let env = MemoryEnv::default();
    env.variables.set("api_docs", "off");
    let (status, _, _) = shown(get(&load(&env), &FILES, Text::plain(json())));
    assert_eq!(status, 404);
    let refused = openapi_json::get(&load(&env), &request(&[]), Text::plain(json()));
    assert_eq!(shown(refused.into()).0, 404);
}

#[test]
fn a_client_that_has_the_document_is_told_so() {
    let env = MemoryEnv::default();
    let settings = load(&env);
    let answer = openapi_json::get(&settings, &request(&[]), Text::plain(json()));
    let (status, headers, body) = shown(answer.into());
    assert_eq!((status, body.as_str()), (200, json()));
    assert_eq!(headers["cache-control"], "public, max-age=300");
    let version = headers["etag"].to_str().unwrap();
    for known in [
        version.to_owned(),
        format!("\"other\", {version}"),
        version.replace("W/", ""),
        "*".to_owned(),
    ] {
        let answer = openapi_json::get(
            &settings,
            &request(&[("if-none-match", &known)]),
            Text::plain(json()),
        );
        let (status, headers, body) = shown(answer.into());
        assert_eq!((status, body.as_str()), (304, ""), "{known}");
        assert_eq!(headers["etag"], version);
    }
    let other = openapi_json::get(
        &settings,
        &request(&[("if-none-match", "\"other\"")]),
        Text::plain(json()),
    );
    assert_eq!(shown(other.into()).0, 200);
}
