//! Calls by pages on other origins (<https://fetch.spec.whatwg.org/#http-cors-protocol>): the headers that make a
//! browser allow them. They protect nothing: they only lift the browser's restrictions.

use ::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::http::request::Request;
use crate::ports::Variables;
use crate::settings::{self, CorsOrigins};

/// The headers of an answer that a page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "link, location, ratelimit, ratelimit-policy, retry-after, x-next-cursor, x-request-id",
);
/// The headers that a page may send.
const SENT: HeaderValue = HeaderValue::from_static("authorization, content-type");
/// How many seconds a browser may cache these rules: the longest time that all browsers accept.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

/// A page on another origin that may make the call.
#[derive(Debug)]
pub(super) struct Page {
    origin: HeaderValue,
    asks_first: bool,
}

impl Page {
    /// The page that makes this call, if the operator allows its origin to make such calls.
    pub(super) async fn of(request: &Request, variables: &impl Variables) -> Option<Self> {
        let origin = request.header("origin")?;
        let path = request.segments();
        let needs_key = match path.as_slice() {
            ["v1", call, ..] => needs_key(call),
            ["graphql"] | ["_api", "admin", "graphql"] => true,
            _ => return None,
        };
        let origins: CorsOrigins = settings::load(variables).await.ok()?;
        let listed = if needs_key {
            origins.admin
        } else {
            origins.public
        };
        let is_listed = listed.iter().any(|listed| listed.to_string() == origin);
        let asked = request.header("access-control-request-method");
        Some(Self {
            origin: HeaderValue::from_str(origin).ok().filter(|_| is_listed)?,
            asks_first: request.method() == "OPTIONS" && asked.is_some(),
        })
    }

    /// Adds the headers for the browser to `response`. For a preflight request, they replace the refusal of `OPTIONS`.
    pub(super) fn add_headers(self, response: &mut ::http::Response<Vec<u8>>) {
        let allowed = response.headers_mut().remove(header::ALLOW);
        if let (true, StatusCode::METHOD_NOT_ALLOWED, Some(methods)) =
            (self.asks_first, response.status(), &allowed)
        {
            *response.status_mut() = StatusCode::NO_CONTENT;
            *response.body_mut() = Vec::new();
            let headers = response.headers_mut();
            headers.remove(header::CONTENT_TYPE);
            headers.remove(header::CONTENT_LENGTH);
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, SENT);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
        } else if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        self.admit(response.headers_mut());
    }

    fn admit(self, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
    }
}

/// Whether calls below `/v1/<call>` need a key, or come from a provider that has one.
fn needs_key(call: &str) -> bool {
    matches!(
        call,
        "admin" | "change-password" | "courier" | "email-webhooks" | "metrics" | "sign-in"
    )
}

#[cfg(test)]
mod tests;
