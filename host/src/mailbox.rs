//! A mailbox for development. It accepts emails like the providers' APIs, sends none, and shows them. It can be set to
//! reject, to fail or not to answer. It also receives a portal's events.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::json;

use self::api::Api;
use self::behaviour::{Behaviour, Next};
use self::email::Refusal;
use self::events::Events;
use self::inbox::Inbox;
use crate::server::Answer;

mod api;
mod behaviour;
mod email;
mod events;
mod inbox;

/// The longest request body, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Scripts only from the mailbox itself, and nothing from elsewhere. The emails, which inherit this, may have styles.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'";

/// How long a request hangs in the behaviour "time out": longer than any caller waits.
const SILENCE: Duration = Duration::from_secs(30);

/// The received emails and events, and the behaviour for the next one of each.
#[derive(Default)]
pub(crate) struct Mailbox {
    inbox: Mutex<Inbox>,
    events: Mutex<Events>,
    next: Mutex<Next>,
}

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
                "The mailbox can be reached by loopback names only.\n",
            ));
        }
        let path = request.uri().path().to_owned();
        if request.method() == Method::POST {
            if let Some(api) = Api::of(&path) {
                return Ok(self.hand_over(api, request).await);
            }
            if path == "/events" {
                return Ok(self.tell(request).await);
            }
        }
        let Some(allowed) = allowed_methods(&path) else {
            return Ok(problem(StatusCode::NOT_FOUND, "Page not found."));
        };
        Ok(match (request.method(), path.as_str()) {
            (&Method::GET, "/api/messages") => {
                let messages = json!(self.inbox().newest_first().collect::<Vec<_>>());
                json_answer(StatusCode::OK, &messages)
            }
            (&Method::DELETE, "/api/messages") => {
                self.inbox().clear();
                content(StatusCode::NO_CONTENT, "text/plain", "")
            }
            (&Method::GET, "/api/events") => json_answer(StatusCode::OK, &self.told().shown()),
            (&Method::DELETE, "/api/events") => {
                *self.told() = Events::default();
                content(StatusCode::NO_CONTENT, "text/plain", "")
            }
            (&Method::GET, "/api/behaviour") => {
                json_answer(StatusCode::OK, &lock(&self.next).for_mail().shown())
            }
            (&Method::PUT, "/api/behaviour") => match read(request).await {
                Ok(body) => self.behave(&body),
                Err(too_long) => too_long,
            },
            (&Method::GET, path) => file(path).unwrap_or_else(|| not_allowed(allowed)),
            _ => not_allowed(allowed),
        })
    }

    /// Accepts or refuses an email, by the current behaviour.
    async fn hand_over<B>(&self, api: Api, request: Request<B>) -> MailboxAnswer
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        if !api.is_authorised(request.headers()) {
            return api.unauthorised();
        }
        let key = api.idempotency_key(request.headers());
        let body = match read(request).await {
            Ok(body) => body,
            Err(too_long) => return too_long,
        };
        let behaviour = lock(&self.next).take_for_mail();
        match behaviour {
            Behaviour::Accept => {}
            Behaviour::Refuse => {
                return api.refuse(&Refusal::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "validation_error",
                    "The mailbox is set to reject this email: the address is bad.",
                ));
            }
            Behaviour::Fail => return failed(),
            Behaviour::TimeOut => return silence().await,
        }
        let accepted = api
            .parse(&body)
            .and_then(|email| self.inbox().accept(email, key, api.name()));
        match accepted {
            Ok(id) => api.accept(&id),
            Err(refusal) => api.refuse(&refusal),
        }
    }

    /// Receives an event for the portal.
    async fn tell<B>(&self, request: Request<B>) -> MailboxAnswer
    where
        B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        let header = |name| {
            request
                .headers()
                .get(name)?
                .to_str()
                .ok()
                .map(str::to_owned)
        };
        let (Some(id), Some(_)) = (header("webhook-id"), header("webhook-signature")) else {
            return problem(StatusCode::UNAUTHORIZED, "The event is not signed.");
        };
        let body = match read(request).await {
            Ok(body) => body,
            Err(too_long) => return too_long,
        };
        let behaviour = lock(&self.next).take_for_event();
        match behaviour {
            Behaviour::Accept => {}
            Behaviour::Refuse => {
                return problem(
                    StatusCode::BAD_REQUEST,
                    "The mailbox is set to reject this event.",
                );
            }
            Behaviour::Fail => return failed(),
            Behaviour::TimeOut => return silence().await,
        }
        match self.told().accept(&id, &body) {
            Ok(()) => content(StatusCode::NO_CONTENT, "text/plain", ""),
            Err(_) => problem(StatusCode::BAD_REQUEST, "The body is not JSON."),
        }
    }

    fn behave(&self, body: &[u8]) -> MailboxAnswer {
        match Behaviour::parse(body) {
            Some(behaviour) => {
                lock(&self.next).set(behaviour);
                json_answer(StatusCode::OK, &behaviour.shown())
            }
            None => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "`behaviour` must be accept, refuse, fail or time-out.",
            ),
        }
    }

    fn told(&self) -> MutexGuard<'_, Events> {
        lock(&self.events)
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        lock(&self.inbox)
    }
}

/// The methods of a path; `None` for a path that does not exist.
fn allowed_methods(path: &str) -> Option<&'static str> {
    Some(match path {
        "/api/messages" | "/api/events" => "GET, DELETE",
        "/api/behaviour" => "GET, PUT",
        "/" => "GET, POST",
        "/mailbox.js" | "/mailbox.css" => "GET",
        "/events" => "POST",
        path if Api::of(path).is_some() => "POST",
        _ => return None,
    })
}

/// The mailbox's page and what belongs to it.
fn file(path: &str) -> Option<MailboxAnswer> {
    let (kind, text) = match path {
        "/" => (
            "text/html; charset=utf-8",
            include_str!("mailbox/page.html"),
        ),
        "/mailbox.js" => (
            "text/javascript; charset=utf-8",
            include_str!("mailbox/page.js"),
        ),
        "/mailbox.css" => ("text/css; charset=utf-8", include_str!("mailbox/page.css")),
        _ => return None,
    };
    Some(page(kind, text))
}

fn not_allowed(allowed: &'static str) -> MailboxAnswer {
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.");
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body, or the answer to one that is too long.
async fn read<B>(request: Request<B>) -> Result<Bytes, MailboxAnswer>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    match Limited::new(request.into_body(), BODY_LIMIT)
        .collect()
        .await
    {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is longer than 1 MiB.",
        )),
    }
}

/// What a provider answers while it is down.
fn failed() -> MailboxAnswer {
    problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "The mailbox is set to fail.",
    )
}

/// Keeps a caller waiting for [`SILENCE`].
async fn silence() -> MailboxAnswer {
    tokio::time::sleep(SILENCE).await;
    problem(
        StatusCode::GATEWAY_TIMEOUT,
        "The mailbox is set to time out.",
    )
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

fn problem(status: StatusCode, message: &str) -> MailboxAnswer {
    json_answer(status, &json!({ "message": message }))
}

#[cfg(test)]
mod tests;
