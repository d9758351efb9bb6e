//! An email provider of the test's own: it speaks Resend's API and can be told to fail.

use std::{
    future, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Mail, STATE_LIMIT, stand::Stand};

/// How long to wait for an email that must not come. On a slow machine a test may miss such an email, but never fails
/// wrongly.
const QUIET: Duration = Duration::from_millis(1500);

/// How the provider treats the emails that it is given from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Accepts,
    /// Accepts, and takes as long as a real provider.
    AcceptsInItsTime,
    Fails {
        status: u16,
        retry_after: Option<u32>,
    },
    /// Accepts this many emails per second, and answers 429 to the rest.
    TakesASecond(usize),
    /// Refuses its first call for good and takes the second, and so on.
    RefusesEveryOther,
    /// Does not know the sender.
    RefusesSender,
    /// Takes the call and never answers.
    Hangs,
    /// Begins to say that it has the email, and then stalls. Such a call is not among the attempts.
    Stalls,
    /// Takes the call and closes the connection.
    HangsUp,
    /// Answers with something other than HTTP. Such a call is not among the attempts.
    Babbles,
    /// Answers with a page and a success status, as another server at the provider's address might.
    IsSomebodyElse,
    /// Redirects to a path where the email would be accepted.
    Redirects,
}

/// How long a real provider takes to accept an email.
const REAL_TIME: Duration = Duration::from_millis(40);

/// Where [`Provider::Redirects`] points to.
const ELSEWHERE: &str = "/emails/elsewhere";

/// The provider; it ends when this is dropped.
pub(crate) struct MailSink {
    origin: String,
    desk: Arc<Desk>,
    _stand: Stand,
}

/// One call to the provider's API.
struct Attempt {
    mail: Mail,
    accepted: bool,
    /// Whether a test has waited for it.
    taken: bool,
}

struct Desk {
    attempts: Mutex<Vec<Attempt>>,
    arrival: Condvar,
    provider: Mutex<Provider>,
    /// When [`Provider::TakesASecond`] accepted its last emails.
    taken: Mutex<Vec<Instant>>,
}

impl Desk {
    /// How the provider answers its next call.
    fn verdict(&self, path: &str, earlier: usize) -> Provider {
        let refuses = Provider::Fails {
            status: 422,
            retry_after: None,
        };
        let throttles = Provider::Fails {
            status: 429,
            retry_after: Some(1),
        };
        match *lock(&self.provider) {
            Provider::Redirects if path == ELSEWHERE => Provider::Accepts,
            Provider::RefusesEveryOther if earlier.is_multiple_of(2) => refuses,
            Provider::RefusesEveryOther => Provider::Accepts,
            Provider::TakesASecond(rate) if self.takes_another(rate) => Provider::Accepts,
            Provider::TakesASecond(_) => throttles,
            other => other,
        }
    }

    /// Whether fewer emails than `rate` were taken in the second before now.
    fn takes_another(&self, rate: usize) -> bool {
        let now = Instant::now();
        let mut taken = lock(&self.taken);
        taken.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
        let has_room = taken.len() < rate;
        if has_room {
            taken.push(now);
        }
        has_room
    }
}

impl MailSink {
    pub(crate) fn start() -> Self {
        let desk = Arc::new(Desk {
            attempts: Mutex::default(),
            arrival: Condvar::new(),
            provider: Mutex::new(Provider::Accepts),
            taken: Mutex::default(),
        });
        let served = Arc::clone(&desk);
        let stand = Stand::open(move |listener| serve(listener, served));
        Self {
            origin: stand.origin(),
            desk,
            _stand: stand,
        }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn provider(&self, behaviour: Provider) {
        *lock(&self.desk.provider) = behaviour;
    }

    /// The oldest accepted email to this address that no test has waited for yet.
    #[track_caller]
    pub(crate) fn wait_for_mail(&self, to: &str) -> Mail {
        let mail = self.next_mail(to, STATE_LIMIT);
        mail.unwrap_or_else(|| panic!("no mail to {to} came within {STATE_LIMIT:?}"))
    }

    /// Asserts that the provider accepts no further email to this address.
    #[track_caller]
    pub(crate) fn assert_no_mail(&self, to: &str) {
        if let Some(mail) = self.next_mail(to, QUIET) {
            panic!("an unwanted mail: {mail:?}");
        }
    }

    /// All attempts to send an email to this address, and whether the provider accepted them.
    pub(crate) fn attempts(&self, to: &str) -> Vec<(Mail, bool)> {
        let attempts = lock(&self.desk.attempts);
        let to_them = attempts.iter().filter(|attempt| attempt.mail.is_to(to));
        to_them
            .map(|attempt| (attempt.mail.clone(), attempt.accepted))
            .collect()
    }

    /// All emails to this address that the provider accepted, oldest first.
    pub(crate) fn accepted_mails(&self, to: &str) -> Vec<Mail> {
        let attempts = self.attempts(to).into_iter();
        let accepted = attempts.filter(|(_, accepted)| *accepted);
        accepted.map(|(mail, _)| mail).collect()
    }

    /// How many emails to this address the provider accepted.
    pub(crate) fn accepted(&self, to: &str) -> usize {
        self.accepted_mails(to).len()
    }

    fn next_mail(&self, to: &str, limit: Duration) -> Option<Mail> {
        let deadline = Instant::now() + limit;
        let mut attempts = lock(&self.desk.attempts);
        loop {
            let next = attempts
                .iter_mut()
                .find(|attempt| attempt.accepted && !attempt.taken && attempt.mail.is_to(to));
            if let Some(attempt) = next {
                attempt.taken = true;
                return Some(attempt.mail.clone());
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let waited = self.desk.arrival.wait_timeout(attempts, left);
            attempts = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            continue;
        };
        let provider = *lock(&desk.provider);
        match provider {
            Provider::Babbles => {
                tokio::spawn(babble(connection));
                continue;
            }
            Provider::Stalls => {
                tokio::spawn(stall(connection));
                continue;
            }
            _ => {}
        }
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| answer(request, Arc::clone(&desk)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}

/// Reads the start of the request and answers with something other than HTTP.
async fn babble(mut connection: TcpStream) {
    let mut request = [0; 1024];
    // The caller may have gone meanwhile.
    let _ = connection.read(&mut request).await;
    let _ = connection.write_all(b"\x16\x03\x01 not HTTP\r\n\r\n").await;
}

/// Reads the start of the request and begins to answer it.
async fn stall(mut connection: TcpStream) {
    let mut request = [0; 1024];
    // The caller may have gone meanwhile.
    let _ = connection.read(&mut request).await;
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"id\":";
    let _ = connection.write_all(head).await;
    while connection
        .read(&mut request)
        .await
        .is_ok_and(|length| length > 0)
    {}
}

async fn answer(
    request: Request<Incoming>,
    desk: Arc<Desk>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if head.method != Method::POST || !["/emails", ELSEWHERE].contains(&path) {
        return Ok(reply(
            StatusCode::NOT_FOUND,
            None,
            &json!({ "name": "not_found" }),
        ));
    }
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            return Ok(reply(
                StatusCode::BAD_REQUEST,
                None,
                &json!({ "message": error.to_string() }),
            ));
        }
    };
    let mut mail: Mail = match serde_json::from_slice(&body) {
        Ok(mail) => mail,
        Err(error) => {
            // Shown with the test that then waits for its email in vain.
            eprintln!("the sink was sent what is not a mail: {error}");
            let refusal = json!({ "name": "validation_error", "message": error.to_string() });
            return Ok(reply(StatusCode::UNPROCESSABLE_ENTITY, None, &refusal));
        }
    };
    mail.idempotency_key = text(&head.headers, "idempotency-key");
    mail.authorization = text(&head.headers, AUTHORIZATION.as_str());
    let (provider, id) = {
        let mut attempts = lock(&desk.attempts);
        let provider = desk.verdict(path, attempts.len());
        attempts.push(Attempt {
            mail,
            accepted: matches!(provider, Provider::Accepts | Provider::AcceptsInItsTime),
            taken: false,
        });
        (provider, attempts.len())
    };
    desk.arrival.notify_all();
    if provider == Provider::AcceptsInItsTime {
        tokio::time::sleep(REAL_TIME).await;
    }
    Ok(match provider {
        Provider::Accepts | Provider::AcceptsInItsTime => {
            reply(StatusCode::OK, None, &json!({ "id": format!("mail-{id}") }))
        }
        Provider::Fails {
            status,
            retry_after,
        } => {
            let status = StatusCode::from_u16(status).expect("the test names a status");
            reply(
                status,
                retry_after,
                &json!({ "name": "application_error", "message": "told to fail" }),
            )
        }
        Provider::RefusesSender => {
            let refusal = json!({
                "statusCode": 403,
                "name": "validation_error",
                "message": "The example.test domain is not verified.",
            });
            reply(StatusCode::FORBIDDEN, None, &refusal)
        }
        Provider::Redirects => {
            let mut response = reply(StatusCode::TEMPORARY_REDIRECT, None, &json!({}));
            let elsewhere = HeaderValue::from_static(ELSEWHERE);
            response.headers_mut().insert(LOCATION, elsewhere);
            response
        }
        Provider::IsSomebodyElse => {
            let page = "<!doctype html><title>Buy this domain</title>".to_owned();
            Response::new(Full::from(page))
        }
        Provider::Hangs => future::pending().await,
        Provider::HangsUp
        | Provider::Babbles
        | Provider::Stalls
        | Provider::RefusesEveryOther
        | Provider::TakesASecond(_) => {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    })
}

fn reply(status: StatusCode, retry_after: Option<u32>, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::builder()
        .status(status)
        // One connection per call, even on hosts that reuse connections: some behaviours are chosen when it opens.
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json");
    if let Some(seconds) = retry_after {
        response = response.header(RETRY_AFTER, seconds);
    }
    response
        .body(Full::from(body.to_string()))
        .expect("the reply is well formed")
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().expect("the header is text");
    Some(value.to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
