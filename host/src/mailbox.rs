//! A mailbox for development: it takes mails as Resend's API does, sends none, and shows them.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::json;

use self::email::{Email, Refusal};
use self::inbox::Inbox;
use crate::server::Answer;

mod email;
mod inbox;

/// The longest request body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Scripts only from the mailbox itself, and nothing from anywhere else. The mails, which inherit this, may have styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'";

/// The mails that were taken in.
#[derive(Default)]
pub(crate) struct Mailbox(Mutex<Inbox>);

impl Mailbox {
    /// Answers a request.
    ///
    /// # Errors
    /// Never; the signature is the server's.
    pub(crate) async fn handle<B>(
        self: Arc<Self>,
        request: Request<B>,
    ) -> Result<Answer<std::convert::Infallible>>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
            + Send
            + 'static,
    {
        if !is_for_loopback(request.headers()) {
            return Ok(text(
                StatusCode::MISDIRECTED_REQUEST,
                "The mailbox answers on loopback names only.\n",
            ));
        }
        let allowed = match request.uri().path() {
            "/emails" => "POST",
            "/api/messages" => "GET, DELETE",
            "/" | "/mailbox.js" | "/mailbox.css" => "GET",
            _ => {
                return Ok(refuse(&Refusal::new(
                    StatusCode::NOT_FOUND,
                    "not_found",
                    "There is no such page.",
                )));
            }
        };
        Ok(match (request.method(), request.uri().path()) {
            (&Method::POST, "/emails") => match self.accept(request).await {
                Ok(id) => json_answer(StatusCode::OK, &json!({ "id": id })),
                Err(refusal) => refuse(&refusal),
            },
            (&Method::GET, "/api/messages") => {
                let messages = json!(self.inbox().newest_first().collect::<Vec<_>>());
                json_answer(StatusCode::OK, &messages)
            }
            (&Method::DELETE, "/api/messages") => {
                self.inbox().clear();
                content(StatusCode::NO_CONTENT, "text/plain", "")
            }
            (&Method::GET, "/") => page(
                "text/html; charset=utf-8",
                include_str!("mailbox/page.html"),
            ),
            (&Method::GET, "/mailbox.js") => page(
                "text/javascript; charset=utf-8",
                include_str!("mailbox/page.js"),
            ),
            (&Method::GET, "/mailbox.css") => {
                page("text/css; charset=utf-8", include_str!("mailbox/page.css"))
            }
            _ => {
                let refusal = Refusal::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    "Not with this method.",
                );
                let mut answer = refuse(&refusal);
                answer
                    .headers_mut()
                    .insert(ALLOW, HeaderValue::from_static(allowed));
                answer
            }
        })
    }

    async fn accept<B>(&self, request: Request<B>) -> Result<String, Refusal>
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let key = header(AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer "));
        if key.is_none_or(|key| key.trim().is_empty()) {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "missing_api_key",
                "Missing API key.",
            ));
        }
        let idempotency_key = header("idempotency-key").map(str::to_owned);
        let body = Limited::new(request.into_body(), BODY_LIMIT)
            .collect()
            .await
            .map_err(|_| {
                Refusal::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "payload_too_large",
                    "The body is longer than 1 MiB.",
                )
            })?;
        let email = Email::parse(&body.to_bytes())?;
        self.inbox().accept(email, idempotency_key)
    }

    fn inbox(&self) -> std::sync::MutexGuard<'_, Inbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page on the web can make its own name resolve to a loopback address, but cannot make the browser hide that name.
fn is_for_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else {
        return true;
    };
    let Some(authority) = host
        .to_str()
        .ok()
        .and_then(|host| host.parse::<Authority>().ok())
    else {
        return false;
    };
    let name = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    name == "localhost"
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

type MailboxAnswer = Answer<std::convert::Infallible>;

fn content(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> MailboxAnswer {
    let mut answer = Response::new(Full::new(body.into()).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        "x-content-type-options",
        HeaderValue::from_static("nosniff"),
    );
    answer
}

fn text(status: StatusCode, body: &'static str) -> MailboxAnswer {
    content(status, "text/plain; charset=utf-8", body)
}

fn page(kind: &'static str, body: &'static str) -> MailboxAnswer {
    let mut answer = content(StatusCode::OK, kind, body);
    answer
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    answer
}

fn json_answer(status: StatusCode, value: &serde_json::Value) -> MailboxAnswer {
    content(status, "application/json", value.to_string())
}

fn refuse(refusal: &Refusal) -> MailboxAnswer {
    let body = json!({ "statusCode": refusal.status.as_u16(), "name": refusal.name, "message": refusal.message });
    json_answer(refusal.status, &body)
}

#[cfg(test)]
mod tests;
