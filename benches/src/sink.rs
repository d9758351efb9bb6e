//! The email provider of all servers. It speaks Resend's API, accepts every email, and stores what measurements need.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::runtime;

const ACCEPTED: &str = r#"{"id":"mail"}"#;

/// The secrets of a recovery's email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secrets {
    pub(crate) code: String,
    pub(crate) link_token: String,
}

#[derive(Default)]
struct Inbox {
    /// The idempotency keys of all emails: one that is sent again counts once, as with Resend.
    received: HashSet<String>,
    last: Option<Instant>,
    secrets: HashMap<String, Secrets>,
}

type Shared = Arc<Mutex<Inbox>>;

/// The provider. It runs in a thread of its own until the program ends.
pub(crate) struct MailSink {
    address: SocketAddr,
    inbox: Shared,
}

impl MailSink {
    pub(crate) fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let inbox = Shared::default();
        let app = Router::new()
            .route("/emails", post(receive))
            .with_state(Arc::clone(&inbox));
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, app).await
            })
        });
        Ok(Self { address, inbox })
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many emails came since the start.
    pub(crate) fn received(&self) -> usize {
        lock(&self.inbox).received.len()
    }

    /// Waits until `count` emails have come, and returns the time of the last; `None` if they take longer than `limit`.
    pub(crate) async fn wait_for(&self, count: usize, limit: Duration) -> Option<Instant> {
        let began = Instant::now();
        while began.elapsed() < limit {
            {
                let inbox = lock(&self.inbox);
                if inbox.received.len() >= count {
                    return Some(inbox.last.unwrap_or(began));
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        None
    }

    /// Whether a recovery's email to this address has come whose secrets were not taken yet.
    pub(crate) fn has_secrets(&self, email: &str) -> bool {
        lock(&self.inbox).secrets.contains_key(email)
    }

    /// Takes the secrets of the last recovery's email to this address.
    pub(crate) fn take_secrets(&self, email: &str) -> Result<Secrets> {
        let secrets = lock(&self.inbox).secrets.remove(email);
        secrets.with_context(|| format!("no email with a code and a link came to {email}"))
    }
}

async fn receive(
    State(inbox): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok());
    let mail = serde_json::from_slice::<Value>(&body);
    let (Some(key), Ok(mail)) = (key, mail) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "{}");
    };
    let to = mail["to"].as_str().or(mail["to"][0].as_str());
    let mut inbox = lock(&inbox);
    if !inbox.received.insert(key.to_owned()) {
        return (StatusCode::OK, ACCEPTED);
    }
    inbox.last = Some(Instant::now());
    if let (Some(to), Some(secrets)) = (to, mail["text"].as_str().and_then(secrets)) {
        inbox.secrets.insert(to.to_owned(), secrets);
    }
    (StatusCode::OK, ACCEPTED)
}

/// The code, which has a line of its own, and the token in the link's fragment.
fn secrets(text: &str) -> Option<Secrets> {
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    let code = text.lines().map(str::trim).find(is_code)?;
    let (_, after) = text.split_once("/reset-password#token=")?;
    let is_token = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
    Some(Secrets {
        code: code.to_owned(),
        link_token: after.chars().take_while(is_token).collect(),
    })
}

fn lock(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recoverys_secrets_are_read_and_other_mails_have_none() {
        let text = "Use this link:\nhttps://id.example/reset-password#token=aB-_9\n\n    012345\n";
        let expected = Secrets {
            code: "012345".to_owned(),
            link_token: "aB-_9".to_owned(),
        };
        assert_eq!(secrets(text), Some(expected));
        assert_eq!(secrets("Your password was changed.\n"), None);
    }
}
