//! Whole calls of the app in memory: bodies, headers, query strings, imports and documents.

use ::http::Request;
use serde_json::{Value, json};

use crate::fuzz::prepared::Prepared;
use crate::fuzz::{first_line, headers_and_body};
use crate::testing::{Call, Reply};

/// A call: `<method> <path and query>`, header lines, an empty line, a body.
pub fn call(input: &[u8]) {
    let (head, rest) = first_line(input);
    let mut words = head.splitn(2, |byte| *byte == b' ');
    let (headers, body) = headers_and_body(rest);
    let request = Request::builder()
        .method(words.next().unwrap_or_default())
        .uri(words.next().unwrap_or_default())
        .body(body.to_vec());
    let Ok(mut request) = request else { return };
    *request.headers_mut() = headers;
    Prepared::fork(|prepared| check(&prepared.app.send(request)));
}

/// The body of an import, in NDJSON or as a JSON list.
pub fn import_lines(input: &[u8]) {
    import("application/x-ndjson", input);
}

/// The body of an import, as a table.
pub fn import_table(input: &[u8]) {
    import("text/csv", input);
}

fn import(content_type: &str, body: &[u8]) {
    let imported = |dry_run: &str| {
        let path = format!("/v1/admin/users/import?dry_run={dry_run}");
        Prepared::fork(|prepared| {
            let call = Call::get(&path).by("POST").with_body(content_type, "");
            let reply = prepared.app.send(call.with_bytes(body));
            check(&reply);
            reply
        })
    };
    let (said, done) = (imported("true"), imported("false"));
    assert_eq!(said.status, done.status);
    if done.status == 200 {
        let counts = |reply: &Reply| {
            let body = reply.json();
            ["created", "unchanged", "failed"].map(|name| body[name].clone())
        };
        assert_eq!(
            counts(&said),
            counts(&done),
            "a dry run tells what a run does"
        );
    }
}

/// A document in GraphQL, alone or as the member `query` of a body in JSON, with any variables and the name of an
/// operation. A document is also sent as such.
pub fn graphql(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let members: Option<Value> = serde_json::from_str(text).ok();
    let members = members.filter(Value::is_object);
    let is_alone = members.is_none();
    let body = if is_alone {
        json!({"query": text}).to_string()
    } else {
        text.to_owned()
    };
    let asked = |call: Call| {
        Prepared::fork(|prepared| {
            let reply = prepared.app.make(&call);
            check(&reply);
            assert!(reply.json().is_object());
            reply.status
        })
    };
    let call = Call::get("/graphql").by("POST");
    let as_json = asked(call.clone().with_body("application/json", &body));
    if is_alone && !text.is_empty() {
        let as_document = asked(call.with_body("application/graphql", text));
        assert_eq!(as_json, as_document);
    }
}

/// Checks what must be true of every answer.
pub(super) fn check(reply: &Reply) {
    assert!(reply.status < 600 && reply.status != 500, "{reply:?}");
    let content_type = reply.header_if_any("content-type").unwrap_or_default();
    let is_problem = content_type == "application/problem+json";
    if reply.status >= 400 && !content_type.starts_with("text/html") {
        let is_graphql = |body: Value| body["errors"].is_array() || body["error"].is_object();
        let is_graphql = reply.json_if_any().is_some_and(is_graphql);
        assert!(
            is_problem || is_graphql || reply.body.is_empty(),
            "{reply:?}"
        );
    }
    if content_type.contains("json") && !content_type.contains("ndjson") && !reply.body.is_empty() {
        let body = reply.json();
        assert!(!is_problem || body["status"] == reply.status, "{reply:?}");
    }
    let _ = reply.header("x-request-id");
}
