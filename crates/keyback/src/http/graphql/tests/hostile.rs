//! Queries that ask for too much are refused at once, in Authgear's words.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{ask, call, data};
use crate::http::graphql::limits::{NESTING_LISTS, OTHER_LISTS};
use crate::testing::{App, Call};

/// The message that `query` is refused with as a whole.
#[track_caller]
fn refused(app: &App, query: &str) -> String {
    let call = call(app, query, &json!({}));
    let reply = app.make(&call).expect(400);
    let error = reply.json()["error"].clone();
    assert_eq!(
        (&error["name"], &error["code"]),
        (&json!("BadRequest"), &json!(400))
    );
    assert_eq!(error["reason"], "BadRequest");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn one_mutation_field_is_taken() {
    let app = App::with_account();
    let field = |name: &str| {
        format!("{name}: deleteUser(input: {{userID: \"VXNlcjp4\"}}) {{ deletedUserID }}")
    };
    let (a, b) = (field("a"), field("b"));
    for query in [
        format!("mutation {{ {a} {b} }}"),
        format!("mutation {{ {a} ...B }} fragment B on Mutation {{ {b} }}"),
        format!("mutation {{ ... on Mutation {{ {a} }} ... {{ {b} }} }}"),
        format!("mutation {{ {a} __typename }}"),
    ] {
        let message = refused(&app, &query);
        assert!(message.starts_with("too many mutation fields"), "{message}");
    }
    // Of two operations, the requested one counts.
    let query = format!("mutation One {{ {a} }} mutation Two {{ {a} {b} }}");
    let body = json!({"query": query, "operationName": "One"});
    let _ = app.make(&app.call("/graphql", body)).expect(200);
    let body = json!({"query": query, "operationName": "Two"});
    let _ = app.make(&app.call("/graphql", body)).expect(400);
}

#[test]
fn fragments_in_a_cycle_are_refused() {
    let app = App::with_account();
    for query in [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ users { totalCount } } fragment A on User { loginIDs { ...B } } fragment B on Identity { id ...A }",
        "mutation { ...A } fragment A on Mutation { ...A }",
    ] {
        assert!(refused(&app, query).contains("fragment cycle"), "{query}");
    }
}

#[test]
fn deep_wide_and_multiplied_documents_are_refused() {
    let app = App::with_account();
    let deep = "{ roles { edges { node ".repeat(30) + &"}".repeat(90);
    let deep = format!("{{ users {{ edges {{ node {deep} }} }} }}");
    let brackets = "{".repeat(30_000);
    let lists = format!(
        "{{ nodes(ids: {}{}) {{ id }} }}",
        "[".repeat(2_000),
        "]".repeat(2_000)
    );
    let mut aliases = String::new();
    for number in 0..1_000 {
        write!(aliases, "a{number}: users(first: 1) {{ totalCount }} ").unwrap();
    }
    let aliases = format!("{{ {aliases} }}");
    let wide = format!(
        "{{ users {{ edges {{ node {{ {} }} }} }} }}",
        "id ".repeat(10_000)
    );
    let mut doubled = "{ ...F0 }".to_owned();
    for number in 0..60 {
        let next = number + 1;
        write!(
            doubled,
            "fragment F{number} on Query {{ ...F{next} ...F{next} }} "
        )
        .unwrap();
    }
    let with_end = format!("{doubled} fragment F60 on Query {{ __typename }}");
    let mut chain = "{ ...F0 }".to_owned();
    for number in 0..1_500 {
        write!(
            chain,
            "fragment F{number} on Query {{ ...F{} }} ",
            number + 1
        )
        .unwrap();
    }
    chain += "fragment F1500 on Query { __typename }";
    for query in [
        deep, brackets, lists, aliases, wide, doubled, with_end, chain,
    ] {
        let _ = refused(&app, &query);
    }
}

#[test]
fn brackets_in_strings_and_comments_are_counted_but_many_are_taken() {
    let app = App::with_account();
    let brackets = "{[(".repeat(80);
    for query in [
        format!("{{ users(searchKeyword: \"{brackets}\") {{ totalCount }} }}"),
        format!("{{ users(searchKeyword: \"\\\"{brackets}\") {{ totalCount }} }}"),
        format!("{{ users(searchKeyword: \"\"\"\\\"\"\"{brackets}\"\"\") {{ totalCount }} }}"),
        format!("{{ users {{ totalCount }} }} # {brackets}"),
        format!("# {brackets}\n{{ users {{ totalCount }} }}"),
    ] {
        let body = ask(&app, &query, &json!({})).json();
        assert!(
            body["data"]["users"]["totalCount"].is_number(),
            "{query} {body}"
        );
    }
    let after = format!("{{ users(searchKeyword: \"\") {{ totalCount }} }} {brackets}{brackets}");
    let _ = refused(&app, &after);
}

#[test]
fn the_parser_never_sees_text_in_which_it_would_recurse_or_read_without_end() {
    let app = App::with_account();
    let deep = "{a".repeat(1_000);
    for query in [
        format!("#\r{deep}"),
        format!("{{a(b:\"\"\"\\\\\"\"\" \"\"\"){deep}"),
        format!("{{a(b:[\"\"\"x\"]){deep}"),
        format!("{{a(b:[{}", "\"\\\"\"\"\"\"x\"".repeat(6_000)),
    ] {
        let message = refused(&app, &query);
        assert!(message.starts_with("too many "), "{message}");
    }
}

#[test]
fn lists_and_orders_count_what_they_cost_at_most() {
    let app = App::with_account();
    let ids = json!(vec!["VXNlcjp4"; 100]);
    let fields = "id ".repeat(200);
    let literal = format!("{{ nodes(ids: {ids}) {{ {fields} }} }}");
    let by_default = format!("query($ids: [ID!]! = {ids}) {{ nodes(ids: $ids) {{ {fields} }} }}");
    for query in [literal, by_default] {
        assert!(refused(&app, &query).contains("fields in the answer"));
    }
    let sorted = "users(sortBy: LAST_LOGIN_AT, first: 1) { __typename } ";
    let _ = ask(&app, &format!("{{ {} }}", sorted.repeat(10)), &json!({})).expect(200);
    assert!(
        refused(&app, &format!("{{ {} }}", sorted.repeat(21))).contains("fields in the answer")
    );
    let by_variable = "users(sortBy: $order, first: 1) { __typename } ".repeat(21);
    let by_variable = format!("query($order: UserSortBy = LAST_LOGIN_AT) {{ {by_variable} }}");
    assert!(refused(&app, &by_variable).contains("fields in the answer"));
}

#[test]
fn equal_fields_of_a_query_are_counted_one_by_one() {
    let app = App::with_account();
    let field = "users(first: 1) { totalCount } ";
    let _ = ask(&app, &format!("{{ {} }}", field.repeat(30)), &json!({})).expect(200);
    for query in [
        format!("{{ {} }}", field.repeat(31)),
        format!(
            "{{ {} }} fragment F on Query {{ {field} }}",
            "...F ".repeat(31)
        ),
    ] {
        assert!(refused(&app, &query).contains("fields of the query"));
    }
}

#[test]
fn batches_and_long_bodies_are_refused() {
    let app = App::with_account();
    let one = json!({"query": "{ users { totalCount } }"});
    let batch = app.call("/graphql", json!([one, one]));
    let message = app.make(&batch).expect(400).json()["error"]["message"].clone();
    assert!(
        message.as_str().unwrap().contains("one request at a time"),
        "{message}"
    );
}

/// `possibleTypes` and `interfaces` lead back to each other: six pairs would have some ten million entries.
#[test]
fn answers_about_the_schema_do_not_grow_without_bounds() {
    let app = App::with_account();
    for pairs in 2..8 {
        let nested = (0..pairs).fold("name".to_owned(), |inner, _| {
            format!("possibleTypes {{ interfaces {{ {inner} }} }}")
        });
        let by_fragment = (0..pairs).fold(
            "fragment F0 on __Type { name }".to_owned(),
            |fragments, number| {
                format!(
                    "{fragments} fragment F{} on __Type {{ possibleTypes {{ interfaces {{ ...F{number} }} }} }}",
                    number + 1
                )
            },
        );
        for query in [
            format!("{{ __schema {{ types {{ {nested} }} }} }}"),
            format!("{{ __type(name: \"Node\") {{ {nested} }} }}"),
            format!("{{ __type(name: \"Node\") {{ ...F{pairs} }} }} {by_fragment}"),
        ] {
            assert!(refused(&app, &query).contains("lists of the schema"));
        }
    }
    let names = "name ".repeat(1_000);
    for query in [
        format!("{{ __schema {{ types {{ fields {{ type {{ fields {{ {names} }} }} }} }} }} }}"),
        format!("{{ __schema {{ types {{ fields {{ {names} }} }} }} }}"),
    ] {
        assert!(refused(&app, &query).contains("fields in the answer"));
    }
}

#[test]
fn the_lists_of_the_schema_are_no_longer_than_the_limits_assume() {
    let app = App::with_account();
    let query = "{ __schema { directives { args { name } } types { kind fields(includeDeprecated: true) { args { name } }
        inputFields { name } interfaces { name } possibleTypes { name } enumValues(includeDeprecated: true) { name } } } }";
    let found = data(&app, query, &json!({}));
    for (name, most) in NESTING_LISTS.into_iter().chain(OTHER_LISTS) {
        let longest = longest(&found, name);
        println!("{name}: {longest} of {most}");
        assert!((1..=most).contains(&longest), "{name}: {longest}");
    }
}

/// The length of the longest list `name` anywhere in `value`.
fn longest(value: &Value, name: &str) -> usize {
    match value {
        Value::Object(members) => {
            let own = members.get(name).and_then(Value::as_array).map(Vec::len);
            let below = members.values().map(|value| longest(value, name)).max();
            own.max(below).unwrap_or_default()
        }
        Value::Array(entries) => {
            let below = entries.iter().map(|value| longest(value, name)).max();
            below.unwrap_or_default()
        }
        _ => 0,
    }
}

#[test]
fn what_tools_ask_for_is_below_every_limit() {
    let app = App::with_account();
    let types = "types { ...T } directives { name locations args { ...V } }";
    let kinds = (0..9).fold("name".to_owned(), |inner, _| {
        format!("kind name ofType {{ {inner} }}")
    });
    let query = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} {types} }} }}
        fragment T on __Type {{ kind name description fields(includeDeprecated: true) {{ name description
            args {{ ...V }} type {{ ...R }} isDeprecated deprecationReason }} inputFields {{ ...V }} interfaces {{ ...R }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...R }} }}
        fragment V on __InputValue {{ name description type {{ ...R }} defaultValue }}
        fragment R on __Type {{ {kinds} }}"
    );
    let found = data(&app, &query, &json!({}));
    assert_eq!(found["__schema"]["queryType"]["name"], "Query");
    assert_eq!(found["__schema"]["subscriptionType"], Value::Null);
}

#[test]
fn variables_are_bounded_by_what_parses() {
    let app = App::with_account();
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let text = format!(
        "{{\"query\": \"{{ users {{ totalCount }} }}\", \"variables\": {{\"a\": {deep}}}}}"
    );
    let call = Call::post("/graphql", Value::Null, "192.0.2.1:50000");
    let reply = app.make(&call.with_body("application/json", &text));
    let _ = reply.expect(400);
}
