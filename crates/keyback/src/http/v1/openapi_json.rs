//! `GET /v1/openapi.json`: the OpenAPI document of this API.

use crate::http::answer::Answer;
use crate::http::pages::{FNV_OFFSET, fnv1a};
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::text::Text;
use crate::ports::Unavailable;
use crate::settings::Pages;

/// The document, which the component contains as JSON. A client that has this version gets no body (RFC 9110 §13.1.2).
///
/// # Errors
/// 404 if `api_docs` is `off`.
pub fn get(
    settings: &Result<Pages, Unavailable>,
    request: &Request,
    document: Text,
) -> Result<Answer, Problem> {
    let settings = settings.as_ref().map_err(Clone::clone)?;
    if !settings.api_docs.0 {
        return Err(Problem::not_found());
    }
    let version = format!("\"{:016x}\"", fnv1a(FNV_OFFSET, document.stored()));
    let known = request.header("if-none-match").unwrap_or_default();
    let is_known = known
        .split(',')
        .any(|it| it.trim() == "*" || it.trim().trim_start_matches("W/") == version);
    let answer = if is_known {
        Answer::not_modified().with_header("vary", "accept-encoding")
    } else {
        Answer::stored(200, "application/json; charset=utf-8", document)
    };
    // The version is weak, since the compressed form has it as well (RFC 9110 §8.8.3).
    Ok(answer
        .with_header("cache-control", "public, max-age=300")
        .with_header("etag", format!("W/{version}")))
}
