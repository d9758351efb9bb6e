//! A mail provider of the test's own: it speaks Resend's API and can be told to fail.

use std::{
    convert::Infallible,
    future,
    net::TcpListener,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{runtime, sync::oneshot};

use super::Mail;

/// How long a mail may take that is sent right after an answer.
const DELIVERY_LIMIT: Duration = Duration::from_secs(20);

/// How long a mail that must not come is waited for.
const QUIET: Duration = Duration::from_millis(1500);

/// How the provider treats the mails that it is given from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Accepts,
    Fails {
        status: u16,
        retry_after: Option<u32>,
    },
    Hangs,
}

/// The provider; it ends when this is dropped.
pub(crate) struct MailSink {
    origin: String,
    desk: Arc<Desk>,
    _stop: oneshot::Sender<()>,
}

/// One call of the provider's API.
struct Attempt {
    mail: Mail,
    accepted: bool,
    /// A test has waited for it.
    taken: bool,
}

struct Desk {
    attempts: Mutex<Vec<Attempt>>,
    arrival: Condvar,
    provider: Mutex<Provider>,
}

impl MailSink {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener
            .set_nonblocking(true)
            .expect("a listener can be made non-blocking");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let desk = Arc::new(Desk {
            attempts: Mutex::default(),
            arrival: Condvar::new(),
            provider: Mutex::new(Provider::Accepts),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&desk);
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_io().build();
            let runtime = runtime.expect("a runtime can be made");
            runtime.spawn(serve(listener, served));
            // It ends either way: with a message, or because the sender was dropped.
            let _ = runtime.block_on(stopped);
        });
        Self {
            origin: format!("http://{address}"),
            desk,
            _stop: stop,
        }
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn provider(&self, behaviour: Provider) {
        *lock(&self.desk.provider) = behaviour;
    }

    /// The oldest accepted mail to this address that no test has waited for yet.
    #[track_caller]
    pub(crate) fn wait_for_mail(&self, to: &str) -> Mail {
        let mail = self.next_mail(to, DELIVERY_LIMIT);
        mail.unwrap_or_else(|| panic!("no mail to {to} came within {DELIVERY_LIMIT:?}"))
    }

    /// Asserts that the provider accepts no further mail to this address.
    #[track_caller]
    pub(crate) fn assert_no_mail(&self, to: &str) {
        if let Some(mail) = self.next_mail(to, QUIET) {
            panic!("an unwanted mail: {mail:?}");
        }
    }

    /// All attempts to send a mail to this address, and whether the provider accepted them.
    pub(crate) fn attempts(&self, to: &str) -> Vec<(Mail, bool)> {
        let attempts = lock(&self.desk.attempts);
        let to_them = attempts.iter().filter(|attempt| attempt.mail.is_to(to));
        to_them
            .map(|attempt| (attempt.mail.clone(), attempt.accepted))
            .collect()
    }

    /// How many mails to this address the provider accepted.
    pub(crate) fn accepted(&self, to: &str) -> usize {
        self.attempts(to)
            .iter()
            .filter(|(_, accepted)| *accepted)
            .count()
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
    let listener =
        tokio::net::TcpListener::from_std(listener).expect("the runtime takes the listener");
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            continue;
        };
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| answer(request, Arc::clone(&desk)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    desk: Arc<Desk>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST || head.uri.path() != "/emails" {
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
            // Shown with the test that then waits for its mail in vain.
            eprintln!("the sink was sent what is not a mail: {error}");
            let refusal = json!({ "name": "validation_error", "message": error.to_string() });
            return Ok(reply(StatusCode::UNPROCESSABLE_ENTITY, None, &refusal));
        }
    };
    mail.idempotency_key = text(&head.headers, "idempotency-key");
    mail.authorization = text(&head.headers, AUTHORIZATION.as_str());
    let provider = *lock(&desk.provider);
    let id = {
        let mut attempts = lock(&desk.attempts);
        attempts.push(Attempt {
            mail,
            accepted: provider == Provider::Accepts,
            taken: false,
        });
        attempts.len()
    };
    desk.arrival.notify_all();
    Ok(match provider {
        Provider::Accepts => reply(StatusCode::OK, None, &json!({ "id": format!("mail-{id}") })),
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
        Provider::Hangs => future::pending().await,
    })
}

fn reply(status: StatusCode, retry_after: Option<u32>, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::builder()
        .status(status)
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
