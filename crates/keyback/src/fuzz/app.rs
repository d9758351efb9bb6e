//! Whole calls of the app in memory: bodies, headers, query strings, imports and documents.

use std::cell::OnceCell;

use ::http::Request;
use serde_json::{Value, json};

use crate::fuzz::{first_line, headers_and_body};
use crate::ports::NoAnswer;
use crate::testing::{App, Call, Recovery, Reply, TestKey};

/// An app with records of every kind.
pub(super) struct Prepared {
    pub(super) app: App,
    pub(super) recovery: Recovery,
}

thread_local! {
    static PREPARED: OnceCell<Prepared> = const { OnceCell::new() };
}

impl Prepared {
    /// Calls `use_it` with a copy of this thread's app.
    pub(super) fn fork<T>(use_it: impl FnOnce(Self) -> T) -> T {
        let copy = PREPARED.with(|it| {
            let prepared = it.get_or_init(Self::new);
            Self {
                app: prepared.app.fork(),
                recovery: prepared.recovery.clone(),
            }
        });
        use_it(copy)
    }

    fn new() -> Self {
        let app = App::with_account();
        let set = |name: &str, value: &str| app.env.variables.set(name, value);
        set("jwt_jwks", &TestKey::jwks().to_string());
        set("jwt_audience", TestKey::AUDIENCE);
        set("webhook_url", "https://portal.example.test/events");
        set(
            "webhook_secret",
            "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==",
        );
        set(
            "email_webhook_secret",
            "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==",
        );
        set("trusted_proxy_header", "x-forwarded-for");
        set("trusted_proxy_hops", "1");
        let lines = [
            json!({"id": "bob", "email": "Bob@Example.test", "locale": "de"}),
            json!({"id": "cy d", "email": "cy@example.test", "password": App::OTHER_PASSWORD}),
        ];
        let _ = app.make(&Call::import(&lines)).expect(200);
        let _ = app.sign_in(App::EMAIL, App::OTHER_PASSWORD);
        let _ = app.sign_in(App::EMAIL, App::PASSWORD);
        // An email and webhooks that wait for a retry.
        app.env.http.fail_with(NoAnswer::TimedOut);
        let _ = app.forgot("cy@example.test").expect(202);
        let order = json!({"action": "require-change", "ids": ["bob", "cy d"]});
        let _ = app.make(&app.call("/v1/admin/users/bulk", order));
        app.env.http.answer_with(200, None);
        let recovery = app.recover();
        let _ = app.verify(&recovery.challenge_id, "000000");
        let _ = app.run_courier();
        Self { app, recovery }
    }
}

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

/// A document in GraphQL.
pub fn graphql(input: &[u8]) {
    let Ok(document) = std::str::from_utf8(input) else {
        return;
    };
    let body = json!({"query": document});
    Prepared::fork(|prepared| {
        let reply = prepared.app.make(&prepared.app.call("/graphql", body));
        check(&reply);
        assert!(reply.json().is_object());
    });
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
