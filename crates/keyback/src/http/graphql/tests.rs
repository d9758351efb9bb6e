//! The endpoint as its clients see it.

use serde_json::{Value, json};

use crate::testing::{App, Call, Reply};

mod hostile;
mod mutations;
mod queries;
mod schema;
mod scopes;
mod tokens;
mod transport;

/// `User:<id>` of the account at [`App::EMAIL`].
fn ann(app: &App) -> String {
    let found = data(app, "{ users { edges { node { id } } } }", &json!({}));
    let edges = found["users"]["edges"].as_array().unwrap().clone();
    edges[0]["node"]["id"].as_str().unwrap().to_owned()
}

fn call(app: &App, query: &str, variables: &Value) -> Call {
    app.call("/graphql", json!({"query": query, "variables": variables}))
}

fn ask(app: &App, query: &str, variables: &Value) -> Reply {
    app.make(&call(app, query, variables)).expect(200)
}

/// The data of an answer without errors.
#[track_caller]
fn data(app: &App, query: &str, variables: &Value) -> Value {
    let body = ask(app, query, variables).json();
    assert_eq!(body.get("errors"), None, "{body}");
    body["data"].clone()
}

/// The one error of an answer.
#[track_caller]
fn error(app: &App, query: &str, variables: &Value) -> Value {
    let body = ask(app, query, variables).json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    assert_eq!(errors.len(), 1, "{body}");
    errors[0].clone()
}

/// Class and reason of the one error of an answer.
#[track_caller]
fn refusal(app: &App, query: &str, variables: &Value) -> String {
    let error = error(app, query, variables);
    let part = |name: &str| {
        error["extensions"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    format!("{}/{}", part("errorName"), part("reason"))
}
