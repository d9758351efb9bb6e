//! A portal's receiver of events, or of emails. It verifies each with the library that the Standard Webhooks
//! specification publishes.

use std::{
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standardwebhooks::WebhookError;
use tokio::net::TcpListener;

use super::{AppBuilder, random_bytes, stand::Stand, wait_for};

/// The receiver; it ends when this is dropped.
pub(crate) struct Receiver {
    origin: String,
    url: String,
    desk: Arc<Desk>,
    _stand: Stand,
}

/// A webhook whose signature is good.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) signature: String,
    pub(crate) body: String,
    /// Whether the receiver acknowledged it.
    pub(crate) taken: bool,
}

impl Webhook {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the webhook is JSON")
    }
}

struct Desk {
    secret: String,
    /// The status of its answers; `None` never answers.
    status: Mutex<Option<u16>>,
    /// Whether it refuses signatures made at another time.
    checks_dates: Mutex<bool>,
    webhooks: Mutex<Vec<Webhook>>,
    /// What was wrong with each other request.
    forged: Mutex<Vec<String>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let desk = Arc::new(Desk {
            secret: format!("whsec_{}", STANDARD.encode(random_bytes(32))),
            status: Mutex::new(Some(204)),
            checks_dates: Mutex::new(true),
            webhooks: Mutex::default(),
            forged: Mutex::default(),
        });
        let served = Arc::clone(&desk);
        let stand = Stand::open(move |listener| serve(listener, served));
        let origin = stand.origin();
        Self {
            url: format!("{origin}/hooks/keyback?portal=1"),
            origin,
            desk,
            _stand: stand,
        }
    }

    /// The same app, set up to send its events to this receiver.
    pub(crate) fn told_by(&self, app: AppBuilder) -> AppBuilder {
        app.variable("webhook_url", self.url.as_str())
            .variable("webhook_allowed_host", self.origin.as_str())
            .variable("webhook_secret", self.desk.secret.as_str())
    }

    /// The same app, set up to hand its emails to this receiver.
    pub(crate) fn mailed_by(&self, app: AppBuilder) -> AppBuilder {
        app.variable("email_provider", "webhook")
            .variable("email_api_origin", self.origin.as_str())
            .variable("email_api_key", self.desk.secret.as_str())
    }

    /// Sets the status of its answers from now on; `None` never answers.
    pub(crate) fn answers(&self, status: Option<u16>) {
        *lock(&self.desk.status) = status;
    }

    /// Accepts signatures of any date from now on: a test can move the app's clock, but not the receiver's.
    pub(crate) fn ignores_dates(&self) {
        *lock(&self.desk.checks_dates) = false;
    }

    /// All webhooks about this account so far, in the order in which they came.
    #[track_caller]
    pub(crate) fn told_of(&self, user_id: &str) -> Vec<Webhook> {
        let forged = lock(&self.desk.forged);
        assert!(forged.is_empty(), "unsigned: {forged:?}");
        let webhooks = lock(&self.desk.webhooks);
        let of_user = |webhook: &&Webhook| webhook.json()["data"]["user_id"] == user_id;
        webhooks.iter().filter(of_user).cloned().collect()
    }

    /// The webhooks about this account, once there are at least `count`.
    #[track_caller]
    pub(crate) fn wait_for(&self, user_id: &str, count: usize) -> Vec<Webhook> {
        wait_for(|| {
            let told = self.told_of(user_id);
            if told.len() >= count {
                Ok(told)
            } else {
                Err(told)
            }
        })
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            continue;
        };
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| answer(request, Arc::clone(&desk)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}

/// Verifies as the library does, but ignores the date.
fn verify_of_any_time(
    secret: &standardwebhooks::Webhook,
    body: &[u8],
    headers: &HeaderMap,
) -> Result<(), WebhookError> {
    let header = |name| headers.get(name)?.to_str().ok();
    let [id, signature, timestamp] =
        ["webhook-id", "webhook-signature", "webhook-timestamp"].map(header);
    let timestamp = timestamp.and_then(|seconds| seconds.parse().ok());
    let timestamp = timestamp.ok_or(WebhookError::InvalidTimestamp)?;
    let signed = secret.sign(id.unwrap_or_default(), timestamp, body)?;
    if signature == Some(&signed) {
        Ok(())
    } else {
        Err(WebhookError::InvalidSignature)
    }
}

async fn answer(
    request: Request<Incoming>,
    desk: Arc<Desk>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut status = *lock(&desk.status);
    let checks_dates = *lock(&desk.checks_dates);
    let checked = standardwebhooks::Webhook::new(&desk.secret).and_then(|secret| {
        if checks_dates {
            secret.verify(&body, &head.headers)
        } else {
            verify_of_any_time(&secret, &body, &head.headers)
        }
    });
    let uri = head.uri.to_string();
    let call = (head.method.as_str(), uri.as_str());
    if let Err(WebhookError::FutureTimestampError) = checked {
        // Signed by an app whose clock is ahead: any receiver would refuse it.
        status = Some(400);
    } else if let Err(error) = checked {
        lock(&desk.forged).push(error.to_string());
    } else if !matches!(call, ("POST", "/hooks/keyback?portal=1" | "/")) {
        lock(&desk.forged).push(format!("{call:?}"));
    } else {
        let header = |name: &str| {
            let value = head.headers[name].to_str();
            value.expect("it was checked").to_owned()
        };
        lock(&desk.webhooks).push(Webhook {
            id: header("webhook-id"),
            signature: header("webhook-signature"),
            body: String::from_utf8_lossy(&body).into_owned(),
            taken: status.is_some_and(|status| (200..300).contains(&status)),
        });
    }
    let Some(status) = status else {
        return future::pending().await;
    };
    let response = Response::builder().status(status).body(Empty::new());
    Ok(response.expect("the answer is well formed"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
