//! The OpenAPI document of the JSON API: `docs/openapi.yaml`, which the component `pages` serves as JSON.
//!
//! It is generated here, in the tests, so that components contain only the finished document. Answers are described by
//! the types that they are written from. The members of bodies and queries are listed in `calls`, and compared with
//! what the handlers read. Routes, scopes and problems are compared with `http/routes.rs` and the README.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::http::ProblemType;
use crate::http::problem::ProblemShown;

mod call;
mod calls;
mod schema;
mod stand_ins;
mod tests;

pub(in crate::http) use stand_ins::{ActorMembers, EventMembers};

/// The headers that every answer has.
const COMMON_HEADERS: [&str; 4] = [
    "Cache-Control",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Request-Id",
];

const DESCRIPTION: &str = "\
Password recovery for your portal. A user who forgot a password gets one email with a link and a code. An administrator can set or \
generate a password. Your sign-in asks whether a password is right.

- Unless the call says otherwise, a body is one JSON object in UTF-8 of at most 16 KiB, without unknown or duplicate members. A \
member that is `null` counts as absent.
- Times are RFC 3339 in UTC. Durations are whole seconds.
- Errors are `application/problem+json` (RFC 9457). Their `type` is the URL of a page that explains them.
- 429 and 503 come with `Retry-After`.
- Each `GET` also answers `HEAD`. Any other method gets 405 with `Allow`.";

/// The document.
fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut responses = Map::new();
    let mut paths: Map<String, Value> = Map::new();
    for call in calls::all() {
        let operation = call.operation(&mut generator, &mut responses);
        let path = paths.entry(call.path).or_insert_with(|| json!({}));
        path[call.method] = operation;
    }
    let _ = generator.subschema_for::<ProblemShown>();
    // The answer to any call with a method that its path does not have.
    let kind = ProblemType::MethodNotAllowed;
    responses.insert(kind.slug().to_owned(), call::refusal(&[kind]));
    let mut schemas = Value::Object(generator.take_definitions(true));
    tidy(&mut schemas);
    let tags = calls::TAGS.map(|(name, about)| json!({"name": name, "description": about}));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keyback",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The origin that served this document."}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": security_schemes(),
        },
    });
    let headers = headers(&document.to_string());
    document["components"]["headers"] = headers;
    document
}

fn security_schemes() -> Value {
    json!({
        "apiKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "kb_<id>_<secret>",
            "description": "An API key from the variable `api_keys`, with one of the scopes that the call names. The scopes are `users:read`, `users:write`, `users:delete`, `users:hashes`, `reset`, `events`, `emails`, `courier` and `sign-in`.",
        },
        "jwt": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A JSON Web Token that is signed by a key in `jwt_jwks` for the audience `jwt_audience`. Its claim `scope` has one of the scopes that the call names. It expires in ten minutes or less.",
        },
    })
}

/// The headers that `document` refers to.
fn headers(document: &str) -> Value {
    let text = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    let all = [
        ("Accept", text("The accepted media type.")),
        ("Allow", text("The methods that the path supports.")),
        (
            "Cache-Control",
            text("`no-store`, except for this document."),
        ),
        ("ETag", text("Changes with the document.")),
        (
            "Link",
            text("The next page: `<path>; rel=\"next\"` (RFC 8288)."),
        ),
        ("Location", text("The path of the created resource.")),
        (
            "RateLimit",
            text(
                "What is left of the limit: `\"<limit>\";r=0;t=<seconds>` (draft-ietf-httpapi-ratelimit-headers).",
            ),
        ),
        (
            "RateLimit-Policy",
            text("The limit that was reached: `\"<limit>\";q=<calls>;w=<seconds>`."),
        ),
        ("Referrer-Policy", text("`no-referrer`.")),
        (
            "Retry-After",
            json!({"description": "Seconds until the call may be repeated.", "schema": {"type": "integer", "minimum": 0}}),
        ),
        ("WWW-Authenticate", text("How to authenticate.")),
        ("X-Content-Type-Options", text("`nosniff`.")),
        ("X-Next-Cursor", text("The `cursor` for the next page.")),
        (
            "X-Request-Id",
            json!({"description": "Identifies the request in the log.", "schema": {"type": "string", "format": "uuid"}}),
        ),
    ];
    let mut headers = Map::new();
    for (name, header) in all {
        let is_used = |name: &str| document.contains(&format!("#/components/headers/{name}\""));
        if is_used(name) {
            let mut always = header.clone();
            always["required"] = true.into();
            headers.insert(name.to_owned(), always);
        }
        let optional = format!("{name}-optional");
        if is_used(&optional) {
            headers.insert(optional, header);
        }
    }
    Value::Object(headers)
}

/// Removes what only Rust's types add: the width of integers, and `null` for members that may be absent.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(members) => {
            let is_width = |format: &Value| {
                let text = format.as_str().unwrap_or_default();
                text.starts_with("uint") || text.starts_with("int")
            };
            if members.get("format").is_some_and(is_width) {
                members.remove("format");
            }
            let required = members.get("required").cloned().unwrap_or_default();
            let is_required = |name: &str| {
                let names = required.as_array().into_iter().flatten();
                names.filter_map(Value::as_str).any(|it| it == name)
            };
            let properties = members.get_mut("properties").and_then(Value::as_object_mut);
            for (name, property) in properties.into_iter().flatten() {
                if !is_required(name) {
                    never_null(property);
                }
            }
            members.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

fn never_null(schema: &mut Value) {
    if let Some(kinds) = schema["type"].as_array().cloned() {
        let others: Vec<Value> = kinds.into_iter().filter(|kind| kind != "null").collect();
        match others.as_slice() {
            [only] => schema["type"] = only.clone(),
            _ => schema["type"] = json!(others),
        }
    }
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let alternatives = members.get("anyOf").and_then(Value::as_array);
    let others: Vec<Value> = alternatives
        .into_iter()
        .flatten()
        .filter(|it| it["type"] != "null")
        .cloned()
        .collect();
    if let [Value::Object(only)] = others.as_slice() {
        members.remove("anyOf");
        for (name, value) in only {
            members.insert(name.clone(), value.clone());
        }
    }
}
