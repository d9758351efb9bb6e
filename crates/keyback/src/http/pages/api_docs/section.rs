//! The calls of one tag.

use serde_json::Value;

use super::body::Body;
use super::schema::{Kind, Member, kind_of, rich};
use super::{curl, items, members, text_at};
use crate::model::base_url::BaseUrl;

/// A tag and its calls.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    /// Its fragment in the page's address.
    pub(super) slug: String,
    /// HTML of the document's description: its text escaped, its code marked up.
    pub(super) about: String,
    pub(super) calls: Vec<Call>,
}

/// One operation of the document, as the page shows it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    /// HTML of the document's description: its text escaped, its code marked up.
    pub(super) about: String,
    /// The caller needs one of these.
    pub(super) scopes: Vec<String>,
    pub(super) parameters: Vec<Member>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Success>,
    pub(super) problems: Vec<Refusal>,
    pub(super) curl: String,
}

/// An answer that is not a problem.
#[derive(Debug)]
pub(super) struct Success {
    pub(super) status: String,
    /// HTML of the document's description: its text escaped, its code marked up.
    pub(super) about: String,
    pub(super) kind: Option<Kind>,
}

/// A problem that a call can be answered with.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: String,
    pub(super) slug: String,
    pub(super) title: String,
}

/// The calls of `document` by their tags, both in the order of the document's `tags` and paths.
pub(super) fn all(document: &Value, base_url: &BaseUrl) -> Vec<Section> {
    let tags = items(document, "tags").map(|tag| {
        let name = text_at(tag, "/name");
        Section {
            name: name.to_owned(),
            slug: name.to_lowercase().replace(' ', "-"),
            about: rich(text_at(tag, "/description")),
            calls: calls_of(document, name, base_url),
        }
    });
    tags.collect()
}

fn calls_of(document: &Value, tag: &str, base_url: &BaseUrl) -> Vec<Call> {
    let operations = members(document, "paths")
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path, method, operation))
        })
        .filter(|(_, _, operation)| items(operation, "tags").any(|it| it == tag));
    operations
        .map(|(path, method, operation)| call_of(document, path, method, operation, base_url))
        .collect()
}

fn call_of(
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
    base_url: &BaseUrl,
) -> Call {
    let method = method.to_uppercase();
    let body = Body::of(operation);
    // Keys and tokens need the same scope.
    let mut scopes: Vec<String> = items(operation, "security")
        .filter_map(|it| it.pointer("/apiKey/0")?.as_str())
        .map(str::to_owned)
        .collect();
    scopes.dedup();
    let example = body.as_ref().and_then(|body| body.example.as_deref());
    Call {
        id: text_at(operation, "/operationId").to_owned(),
        curl: curl::line(&method, base_url, path, !scopes.is_empty(), example),
        method,
        path: path.to_owned(),
        summary: text_at(operation, "/summary").to_owned(),
        about: rich(text_at(operation, "/description")),
        scopes,
        parameters: items(operation, "parameters").map(parameter).collect(),
        body,
        answers: answers_of(operation),
        problems: problems_of(document, operation),
    }
}

fn parameter(parameter: &Value) -> Member {
    let is_required = parameter
        .get("required")
        .and_then(Value::as_bool)
        .unwrap_or_default();
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    Member {
        name: text_at(parameter, "/name").to_owned(),
        required: is_required,
        kind: kind_of(schema),
        about: rich(text_at(parameter, "/description")),
    }
}

fn answers_of(operation: &Value) -> Vec<Success> {
    let own =
        members(operation, "responses").filter(|(_, response)| response.get("$ref").is_none());
    own.map(|(status, response)| {
        let content = members(response, "content").next();
        Success {
            status: status.clone(),
            about: rich(text_at(response, "/description")),
            kind: content.and_then(|(_, it)| it.get("schema")).map(kind_of),
        }
    })
    .collect()
}

/// Problems are in shared responses, by their slugs.
fn problems_of(document: &Value, operation: &Value) -> Vec<Refusal> {
    let shared = members(operation, "responses").filter_map(|(status, response)| {
        let path = response.get("$ref")?.as_str()?;
        Some((status, document.pointer(path.trim_start_matches('#'))?))
    });
    shared
        .flat_map(|(status, response)| {
            let content = response.pointer("/content/application~1problem+json");
            let examples = content
                .and_then(|it| it.get("examples"))
                .and_then(Value::as_object);
            examples
                .into_iter()
                .flatten()
                .map(move |(slug, example)| Refusal {
                    status: status.clone(),
                    slug: slug.clone(),
                    title: text_at(example, "/summary").to_owned(),
                })
        })
        .collect()
}
