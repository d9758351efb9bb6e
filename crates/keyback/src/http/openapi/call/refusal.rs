//! The refusals of a call, with an example of each problem.

use serde_json::{Map, Value, json};

use super::headers;
use crate::http::ProblemType;

/// The refusal with one of these problems, which share one status.
pub(in crate::http::openapi) fn refusal(kinds: &[ProblemType]) -> Value {
    let titles: Vec<_> = kinds
        .iter()
        .map(|kind| format!("{}.", kind.title()))
        .collect();
    let examples: Map<String, Value> = kinds.iter().map(|kind| example_of(*kind)).collect();
    let mut names: Vec<&str> = kinds
        .iter()
        .flat_map(|kind| headers_of(*kind).iter().copied())
        .collect();
    names.sort_unstable();
    names.dedup();
    let own = names.into_iter().map(|name| {
        let always = kinds.iter().all(|kind| headers_of(*kind).contains(&name));
        (name, always)
    });
    json!({
        "description": titles.join(" "),
        "headers": headers(own),
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": examples,
        }},
    })
}

fn example_of(kind: ProblemType) -> (String, Value) {
    let slug = kind.slug();
    let mut value = json!({
        "type": format!("https://id.example.com/problems/{slug}"),
        "title": kind.title(),
        "status": kind.status(),
        "instance": "urn:uuid:0b8f3c52-4b0e-4d7e-9c55-2f8b1f0f6a11",
    });
    match kind {
        ProblemType::ValidationFailed => {
            value["errors"] = json!([{"pointer": "/email", "detail": "is missing"}]);
        }
        ProblemType::PasswordRejected => {
            value["errors"] = json!([{"pointer": "/new_password", "code": "too-short", "detail": "is too short"}]);
        }
        _ => {}
    }
    (
        slug.to_owned(),
        json!({"summary": kind.title(), "description": kind.help(), "value": value}),
    )
}

/// The headers that a problem of this kind has in addition to those of all answers.
fn headers_of(kind: ProblemType) -> &'static [&'static str] {
    match kind {
        ProblemType::Unauthorized
        | ProblemType::Forbidden
        | ProblemType::NotAuthentic
        | ProblemType::InvalidCredentials
        | ProblemType::PasswordExpired => &["WWW-Authenticate"],
        ProblemType::MethodNotAllowed => &["Allow"],
        ProblemType::UnsupportedMediaType => &["Accept"],
        ProblemType::RateLimited => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        ProblemType::StartAgain | ProblemType::Overloaded | ProblemType::ServiceUnavailable => {
            &["Retry-After"]
        }
        _ => &[],
    }
}
