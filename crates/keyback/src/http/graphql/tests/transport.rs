//! Requests and answers over HTTP.

use serde_json::{Value, json};

use super::{call, data};
use crate::testing::{App, Call, Reply};

const QUERY: &str = "query Both($word: String) { users(searchKeyword: $word) { totalCount } }";

fn total(reply: Reply) -> Value {
    reply.expect(200).json()["data"]["users"]["totalCount"].clone()
}

#[test]
fn both_paths_take_what_clients_send() {
    let app = App::with_account();
    for path in ["/graphql", "/_api/admin/graphql", "/graphql?query=ignored"] {
        let object = json!({"query": QUERY, "variables": {"word": "nobody"}});
        let text =
            json!({"query": QUERY, "variables": "{\"word\": \"nobody\"}", "operationName": "Both"});
        let none = json!({"query": QUERY, "variables": null, "operationName": null, "extensions": {"a": 1}});
        assert_eq!(total(app.make(&app.call(path, object))), 0, "{path}");
        assert_eq!(total(app.make(&app.call(path, text))), 0, "{path}");
        assert_eq!(total(app.make(&app.call(path, none))), 1, "{path}");
        let document = app
            .call(path, Value::Null)
            .with_body("application/graphql", QUERY);
        assert_eq!(total(app.make(&document)), 1, "{path}");
        let charset = app.call(path, Value::Null);
        let charset = charset.with_body(
            "application/json; charset=utf-8",
            &json!({"query": QUERY}).to_string(),
        );
        assert_eq!(total(app.make(&charset)), 1, "{path}");
    }
}

#[test]
fn an_operation_is_chosen_by_its_name() {
    let app = App::with_account();
    let query = "query A { users { totalCount } } query B { nodes(ids: []) { id } }";
    let body = |name: Option<&str>| {
        let call = app.call("/graphql", json!({"query": query, "operationName": name}));
        app.make(&call).expect(200).json()
    };
    assert_eq!(body(Some("B"))["data"], json!({"nodes": []}));
    for name in [None, Some("C")] {
        assert!(body(name)["errors"][0]["message"].is_string(), "{name:?}");
    }
}

#[test]
fn other_types_and_methods_are_refused() {
    let app = App::with_account();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let call = app
            .call("/graphql", Value::Null)
            .with_body(content_type, "{}");
        assert_eq!(
            app.make(&call).expect(415).problem(),
            "unsupported-media-type"
        );
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        let reply = app
            .make(&app.call("/graphql", json!({})).by(method))
            .expect(405);
        assert_eq!(reply.header("allow"), "GET, HEAD, POST");
    }
}

#[test]
fn bodies_that_ask_for_nothing_are_refused_in_authgears_words() {
    let app = App::with_account();
    for text in [
        "",
        "null",
        "7",
        "{",
        "{}",
        "{\"query\": null}",
        "{\"query\": 7}",
        "{\"query\": \"{ users { totalCount } }\", \"variables\": [1]}",
        "{\"query\": \"{ users { totalCount } }\", \"variables\": \"x\"}",
    ] {
        let call = app
            .call("/graphql", Value::Null)
            .with_body("application/json", text);
        let error = app.make(&call).expect(400).json()["error"].clone();
        assert_eq!(
            (&error["name"], &error["code"]),
            (&json!("BadRequest"), &json!(400)),
            "{text}"
        );
        assert!(
            error["message"].is_string() && error["reason"] == "BadRequest",
            "{text}"
        );
    }
}

#[test]
fn without_a_good_key_there_is_nothing() {
    let app = App::with_account();
    let ask = call(&app, QUERY, &json!({}));
    for bearer in [
        "",
        "Bearer",
        "Bearer x",
        "Basic a2V5",
        "Bearer kb_all_wrong",
    ] {
        let reply = app
            .make(&ask.clone().with_authorization(bearer))
            .expect(403);
        assert_eq!(reply.body, "Forbidden");
        assert!(reply.header("content-type").starts_with("text/plain"));
    }
    // The key is checked before anything else.
    let bad = ask
        .with_authorization("Bearer x")
        .with_body("text/plain", "x");
    let _ = app.make(&bad).expect(403);
}

#[test]
fn wrong_keys_are_counted_as_everywhere() {
    let app = App::with_account();
    let ask = call(&app, QUERY, &json!({})).with_authorization("Bearer wrong");
    for _ in 0..200 {
        let _ = app.make(&ask).expect(403);
    }
    let _ = app.make(&ask).expect(429);
    let _ = data(&app, QUERY, &json!({}));
}

#[test]
fn a_browser_is_told_where_the_schema_is() {
    let app = App::with_account();
    for path in ["/graphql", "/_api/admin/graphql"] {
        let reply = app
            .make(&Call::get(path).with_authorization(""))
            .expect(200);
        assert!(reply.body.contains("docs/admin.graphql"));
        assert!(reply.header("content-type").starts_with("text/html"));
        assert!(
            reply
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
    }
}

#[test]
fn pages_that_the_operator_lists_may_call() {
    let app = App::with_account();
    app.env
        .variables
        .set("cors_admin_origins", "https://admin.example.test");
    let preflight = app
        .call("/graphql", Value::Null)
        .by("OPTIONS")
        .with_header("origin", "https://admin.example.test")
        .with_header("access-control-request-method", "POST");
    let reply = app.make(&preflight).expect(204);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "https://admin.example.test"
    );
    let other = call(&app, QUERY, &json!({})).with_header("origin", "https://evil.example.test");
    assert_eq!(
        app.make(&other)
            .header_if_any("access-control-allow-origin"),
        None
    );
}

#[test]
fn a_bad_variable_refuses_the_call() {
    let app = App::with_account();
    app.env
        .variables
        .set("graphql_token_ttl_seconds", "for ever");
    let reply = app.make(&call(&app, QUERY, &json!({}))).expect(503);
    assert_eq!(reply.problem(), "service-unavailable");
}
