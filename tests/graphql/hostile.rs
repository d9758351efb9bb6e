//! Requests that ask for too much: a clear answer at once, and hardly any memory.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::app::{Answer, ApiClient, App, Caller as _};

/// The longest that a refusal may take.
const AT_ONCE: Duration = Duration::from_millis(100);
/// A busy machine may delay a call, but hardly ever all of them.
const TRIES: u32 = 5;
/// How much memory the app may need for all of them, in bytes: one instance of the component.
const MEMORY: u64 = 64 * 1024 * 1024;

/// The answer to `send`, which must come [`AT_ONCE`] in one of several tries.
#[track_caller]
fn at_once(what: &str, mut send: impl FnMut() -> Answer) -> Answer {
    let mut fastest = Duration::MAX;
    for _ in 0..TRIES {
        let began = Instant::now();
        let answer = send();
        fastest = fastest.min(began.elapsed());
        if fastest < AT_ONCE {
            return answer;
        }
    }
    panic!("{what} took {fastest:?}")
}

#[track_caller]
fn refused(portal: &ApiClient, what: &str, status: u16, body: &Value) {
    let answer = at_once(what, || portal.post("/graphql", body));
    let error = answer.expect_json(status)["error"].clone();
    assert_eq!(error["code"], status, "{what}");
    assert!(error["message"].is_string(), "{what}");
}

#[test]
fn hostile_requests_end_at_once_and_take_no_memory() {
    let app = App::start();
    let portal = app.portal();
    let query = |text: &str| json!({ "query": text });
    // Starts the instance and builds the schema.
    let _ = portal
        .post("/graphql", &query("{ users { totalCount } }"))
        .expect_json(200);
    app.forget_peak_memory();
    let before = app.peak_memory();

    let deep = "{ a ".repeat(8_000) + &"}".repeat(8_000);
    let wide = format!(
        "{{ users {{ edges {{ node {{ {} }} }} }} }}",
        "id ".repeat(15_000)
    );
    let aliases: Vec<String> = (0..1_000)
        .map(|number| format!("a{number}: users {{ totalCount }} "))
        .collect();
    let aliases = aliases.concat();
    let cycle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    let doubled: Vec<String> = (0..100)
        .map(|number| {
            format!(
                "fragment F{number} on Query {{ ...F{0} ...F{0} }} ",
                number + 1
            )
        })
        .collect();
    let doubled = doubled.concat();
    let doubled = format!("{{ ...F0 }} {doubled} fragment F100 on Query {{ __typename }}");
    let mutations = "mutation { a: deleteUser(input: {userID: \"x\"}) { deletedUserID }
        b: deleteUser(input: {userID: \"x\"}) { deletedUserID } }";
    for (what, text) in [
        ("deep", &*deep),
        ("wide", &wide),
        ("aliases", &format!("{{ {aliases} }}")),
        ("a cycle", cycle),
        ("doubled fragments", &doubled),
        ("two mutations", mutations),
        ("deep behind a comment", &format!("#\r{deep}")),
        (
            "deep behind a block string",
            &format!("{{a(b:[\"\"\"x\"]){deep}"),
        ),
        (
            "deep selections",
            &format!("{}{}", "{a".repeat(300), "}".repeat(300)),
        ),
    ] {
        refused(&portal, what, 400, &query(text));
    }
    // As deep as a document may be: the parser ends it without the end of the stack.
    for text in [
        "{a".repeat(300),
        format!("{{a(b:{}", "[".repeat(298)),
        format!("{{a(b:{}", "{c:".repeat(298)),
    ] {
        let answer = portal.post("/graphql", &query(&text)).expect_json(200);
        assert!(answer["errors"].is_array(), "{answer}");
    }
    refused(
        &portal,
        "a batch",
        400,
        &json!([query("{ users { totalCount } }"), query(&wide)]),
    );
    refused(
        &portal,
        "1 MiB",
        413,
        &query(&"{ users { totalCount } } ".repeat(42_000)),
    );
    let grown = app.peak_memory().saturating_sub(before);
    assert!(grown < MEMORY, "{grown} bytes");

    let _ = portal
        .post("/graphql", &query("{ users { totalCount } }"))
        .expect_json(200);
}
