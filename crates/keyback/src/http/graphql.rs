//! `/graphql` and `/_api/admin/graphql`: Authgear's Admin API, for clients that use it already.
//!
//! A request is read ([`body`]), counted ([`limits`]) and run by a GraphQL server over the [`schema`]. Its resolvers
//! leave the work to the flows of the JSON calls ([`calls`], [`work`]).

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Name, PathSegment, Response, ServerError, Variables};
use futures::channel::mpsc;

use crate::flow::events::Caller;
use crate::http::access::identify_for_graphql;
use crate::http::answer::Answer;
use crate::http::graphql::body::{BodyError, GraphqlRequest};
use crate::http::graphql::calls::Calls;
use crate::http::graphql::error::ApiError;
use crate::http::graphql::schema::schema;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::ports::{Env, Unavailable};
use crate::settings::AdminGraphql;
use crate::store::cx::Cx;

mod body;
mod calls;
mod change;
mod error;
mod global_id;
mod limits;
mod schema;
#[cfg(test)]
mod tests;
mod work;

/// The page for browsers.
const PAGE: &str = include_str!("graphql/page.html");

/// A page that says where the schema is.
pub(in crate::http) fn get() -> Answer {
    Answer::text(200, "text/html; charset=utf-8", PAGE.to_owned()).with_header(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
}

/// Runs a query or a mutation.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &AdminGraphql,
) -> Result<Answer, Problem> {
    let longest = settings.token_lifetime.0;
    let identified = identify_for_graphql(request, &settings.access, longest, cx.now);
    let Some((caller, scopes)) = identified else {
        // Authgear's words. It still counts as a wrong key.
        return Ok(
            Answer::text(403, "text/plain; charset=utf-8", "Forbidden".to_owned()).for_wrong_key(),
        );
    };
    let asked = match body::read(request) {
        Ok(asked) => asked,
        Err(BodyError::Problem(problem)) => return Err(problem),
        Err(BodyError::Refused(error)) => return Ok(error.into_answer()),
    };
    match run(cx, settings, asked, caller, scopes).await {
        Ok((response, outage)) => Ok(Answer::json(200, show(response)).because_of(outage)),
        Err(refused) => Ok(refused.into_answer()),
    }
}

/// Runs the request. Also returns the outage behind a failure, for the log.
async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    asked: GraphqlRequest,
    caller: Caller,
    scopes: Vec<String>,
) -> Result<(Response, Option<Unavailable>), ApiError> {
    limits::check_text(&asked.query)?;
    let document = match parse_query(&asked.query) {
        Ok(document) => document,
        Err(async_graphql::parser::Error::RecursionLimitExceeded) => {
            return Err(ApiError::bad_request("the document is nested too deeply"));
        }
        Err(error) => {
            // The parser's own message quotes the line.
            let error = ServerError {
                message: "the document is not valid GraphQL".to_owned(),
                ..error.into()
            };
            return Ok((Response::from_errors(vec![error]), None));
        }
    };
    let variables = with_defaults(&document, asked.operation.as_deref(), asked.variables);
    limits::check(&document, asked.operation.as_deref(), &variables)?;
    let (jobs, received) = mpsc::unbounded();
    let mut request = async_graphql::Request::new(asked.query)
        .variables(variables)
        .data(Calls { jobs, scopes });
    request.set_parsed_query(document);
    if let Some(name) = asked.operation {
        request = request.operation_name(name);
    }
    // The work ends with the request, whose resolvers are its only callers.
    Ok(futures::join!(
        schema().execute(request),
        work::run(cx, settings, &caller, received),
    ))
}

/// The variables, with the operation's defaults for those that were not given. The server itself leaves defaults out where it
/// decides what `@skip` and `@include` remove: it would make a mutation that is to be skipped by default.
fn with_defaults(
    document: &ExecutableDocument,
    operation: Option<&str>,
    mut variables: Variables,
) -> Variables {
    for (name, definition) in document.operations.iter() {
        // Without a name, there is only one.
        if operation.is_some() && name.map(Name::as_str) != operation {
            continue;
        }
        for variable in &definition.node.variable_definitions {
            if let Some(default) = &variable.node.default_value {
                let name = variable.node.name.node.clone();
                let default = default.node.clone();
                variables.entry(name).or_insert(default);
            }
        }
    }
    variables
}

fn show(mut response: Response) -> serde_json::Value {
    for error in &mut response.errors {
        if error.extensions.is_none() {
            without_input(&mut error.message);
        }
    }
    // The server leaves a field out that fails and may not be null. Then its parent, here the operation, is null
    // (<https://spec.graphql.org/October2021/#sec-Handling-Field-Errors>).
    let is_left_out = |error: &ServerError| match (&response.data, error.path.first()) {
        (async_graphql::Value::Object(data), Some(PathSegment::Field(name))) => {
            !data.contains_key(name.as_str())
        }
        _ => false,
    };
    if response.errors.iter().any(is_left_out) {
        response.data = async_graphql::Value::Null;
    }
    // Resolvers return nothing that has no JSON form.
    serde_json::to_value(response).unwrap_or_default()
}

/// Removes input from the server's own messages, such as a password of the wrong type.
fn without_input(message: &mut String) {
    if let Some(place) = message.find(", found ") {
        message.truncate(place);
    }
}
