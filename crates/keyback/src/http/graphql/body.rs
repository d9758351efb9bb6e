//! The body of a request, as clients of GraphQL over HTTP send it.

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::Value;

use crate::http::graphql::error::ApiError;
use crate::http::problem::Problem;
use crate::http::request::{Body, Request};

/// A request as it came. It may contain passwords, so it has no `Debug`.
pub(super) struct GraphqlRequest {
    pub(super) query: String,
    pub(super) operation: Option<String>,
    pub(super) variables: Variables,
}

/// Why a body is refused.
pub(super) enum BodyError {
    /// It has another content type, or broke off.
    Problem(Problem),
    /// It contains no request that can be run.
    Refused(ApiError),
}

/// The members that clients send. Some send others too.
#[derive(Deserialize)]
struct Members {
    query: Option<String>,
    variables: Option<Value>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

/// Reads the body: JSON, or the document alone.
///
/// # Errors
/// For any other content type, a batch or a malformed body.
pub(super) fn read(request: &Request) -> Result<GraphqlRequest, BodyError> {
    let types = ["application/json", "application/graphql"];
    request.expect_type(&types).map_err(BodyError::Problem)?;
    let is_document = request.is_of_type(&["application/graphql"]);
    if matches!(request.body(), Body::TooLarge) {
        return Err(BodyError::Refused(ApiError::too_large()));
    }
    let bytes = request.any_bytes().map_err(BodyError::Problem)?;
    let asked = if is_document {
        read_document(bytes)
    } else {
        read_json(bytes)
    };
    asked.map_err(|why| BodyError::Refused(ApiError::bad_request(why)))
}

fn read_document(bytes: &[u8]) -> Result<GraphqlRequest, &'static str> {
    let query = str::from_utf8(bytes).map_err(|_| "the document must be UTF-8")?;
    Ok(GraphqlRequest {
        query: query.to_owned(),
        operation: None,
        variables: Variables::default(),
    })
}

fn read_json(bytes: &[u8]) -> Result<GraphqlRequest, &'static str> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err("batches are not supported: send one request at a time");
    }
    let members: Members = serde_json::from_slice(bytes)
        .map_err(|_| "the body must be one JSON object with query, variables and operationName")?;
    let query = members.query.filter(|query| !query.is_empty());
    Ok(GraphqlRequest {
        query: query.ok_or("query is missing")?,
        operation: members.operation_name.filter(|name| !name.is_empty()),
        variables: read_variables(members.variables)?,
    })
}

/// Variables are an object, or its JSON text.
fn read_variables(given: Option<Value>) -> Result<Variables, &'static str> {
    const NO_OBJECT: &str = "variables must be an object, or a JSON string of one";
    let variables = match given {
        Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
        Some(Value::String(text)) => {
            serde_json::from_slice(text.as_bytes()).map_err(|_| NO_OBJECT)?
        }
        given => given.unwrap_or_default(),
    };
    match variables {
        Value::Null => Ok(Variables::default()),
        Value::Object(_) => Ok(Variables::from_json(variables)),
        _ => Err(NO_OBJECT),
    }
}
