//! The load: a closed loop over kept-alive connections, each of which sends its next call once it has its answer.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures::future::try_join_all;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any answer may take; the import takes longest on a busy machine.
const ANSWER_LIMIT: Duration = Duration::from_mins(10);

/// A call as it goes out.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    /// The API key, where the call needs one.
    pub(crate) key: Option<String>,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            content_type: "",
            key: None,
            body: Bytes::new(),
        }
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            content_type: "application/json",
            key: None,
            body: body.to_string().into(),
        }
    }

    pub(crate) fn with_key(self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self
        }
    }

    fn request(&self, host: &str) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(header::HOST, host);
        if !self.content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, self.content_type);
        }
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

/// An answer, and how long it took from the first byte sent to the last byte received.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    pub(crate) took: Duration,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The result of a loop: the replies in the order of the calls, and when it began and ended.
pub(crate) struct Loop {
    pub(crate) replies: Vec<Reply>,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

/// Sends all calls over this many connections.
pub(crate) async fn send_all(
    server: SocketAddr,
    connections: usize,
    calls: &[Call],
) -> Result<Loop> {
    let connections = (0..connections.min(calls.len())).map(|_| connect(server));
    let connections = try_join_all(connections).await?;
    let host = server.to_string();
    let left = RefCell::new(calls.iter().enumerate());
    let replies = RefCell::new(vec![None; calls.len()]);
    let began = Instant::now();
    let loops = connections.into_iter().map(async |mut connection| {
        loop {
            // The borrow ends before the call is sent.
            let next = left.borrow_mut().next();
            let Some((index, call)) = next else {
                return anyhow::Ok(());
            };
            let reply = send(&mut connection, call, &host).await?;
            replies.borrow_mut()[index] = Some(reply);
        }
    });
    try_join_all(loops).await?;
    let ended = Instant::now();
    let replies = replies.into_inner().into_iter().collect::<Option<_>>();
    Ok(Loop {
        replies: replies.context("a call was not answered")?,
        began,
        ended,
    })
}

/// Sends one call over a connection of its own.
pub(crate) async fn send_one(server: SocketAddr, call: &Call) -> Result<Reply> {
    let mut sent = send_all(server, 1, std::slice::from_ref(call)).await?;
    sent.replies.pop().context("a call was not answered")
}

/// A connection on which one call follows the other.
pub(crate) struct Connected {
    connection: Connection,
    host: String,
}

impl Connected {
    pub(crate) async fn to(server: SocketAddr) -> Result<Self> {
        Ok(Self {
            connection: connect(server).await?,
            host: server.to_string(),
        })
    }

    pub(crate) async fn send(&mut self, call: &Call) -> Result<Reply> {
        send(&mut self.connection, call, &self.host).await
    }
}

type Connection = SendRequest<Full<Bytes>>;

async fn connect(server: SocketAddr) -> Result<Connection> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // The sender sees an error as well.
    tokio::spawn(connection);
    Ok(sender)
}

async fn send(connection: &mut Connection, call: &Call, host: &str) -> Result<Reply> {
    let request = call.request(host)?;
    let answer = async {
        connection.ready().await?;
        let began = Instant::now();
        let (head, body) = connection.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        hyper::Result::Ok(Reply {
            status: head.status,
            body,
            took: began.elapsed(),
        })
    };
    let answer = timeout(ANSWER_LIMIT, answer).await;
    let answer = answer.with_context(|| format!("no answer to {} {}", call.method, call.path))?;
    answer.with_context(|| format!("{} {} broke", call.method, call.path))
}
