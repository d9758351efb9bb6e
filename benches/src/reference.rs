//! The reference: the library's own flows on native ports behind axum, with SQLite in WAL mode.
//!
//! The library's futures stay on one thread, as in Wasm. So there is one single-threaded runtime for each core, and the
//! connections are dealt to them in turn.

mod env;
mod store;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use http_body_util::LengthLimitError;
use keyback::store::cx::Cx;
use send_wrapper::SendWrapper;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use self::env::{NativeEnv, Settings, SystemRandom};
use self::store::SqliteStore;
use crate::routes::Component;

/// As many as the machine of the published figures has cores.
const WORKERS: usize = 2;

/// Where the reference reports its count of store operations.
pub(crate) const COUNTS_PATH: &str = "/bench/store-operations";

/// Serves until the process is ended. Prints the origin once it listens.
pub(crate) fn serve(folder: &Path) -> anyhow::Result<()> {
    let store = Arc::new(SqliteStore::open(folder)?);
    let variables = Arc::new(Settings::read()?);
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let (hand, dealt) = unbounded_channel();
            let (store, variables) = (Arc::clone(&store), Arc::clone(&variables));
            thread::spawn(move || work(Dealt(dealt), store, variables));
            hand
        })
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("Serving http://{}", listener.local_addr()?);
    for worker in workers.iter().cycle() {
        worker.send(listener.accept()?)?;
    }
    Ok(())
}

fn work(dealt: Dealt, store: Arc<SqliteStore>, variables: Arc<Settings>) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let counted = Arc::clone(&store);
        let counts = move || async move {
            let (changes, reads) = counted.counts();
            format!("{changes} {reads}")
        };
        let app = Router::new()
            .route(COUNTS_PATH, get(counts))
            .fallback(answer)
            .with_state(NativeEnv::new(store, variables));
        Ok(axum::serve(dealt, app).await?)
    })
}

/// The connections that are dealt to one worker.
struct Dealt(UnboundedReceiver<(std::net::TcpStream, SocketAddr)>);

impl axum::serve::Listener for Dealt {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let Some((stream, peer)) = self.0.recv().await else {
                // The process is ending.
                return std::future::pending().await;
            };
            let ready = stream
                .set_nonblocking(true)
                .and_then(|()| stream.set_nodelay(true));
            if let Ok(stream) = ready.and_then(|()| TcpStream::from_std(stream)) {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

/// Answers as Spin and a component do together. The work after the answer is a task of its own: it begins when the
/// connection has written the answer and yields.
async fn answer(State(env): State<NativeEnv>, request: Request<Body>) -> Response<Body> {
    SendWrapper::new(async move {
        let (mut head, body) = request.into_parts();
        // Only loopback can reach this server.
        let peer = HeaderValue::from_static("127.0.0.1:1");
        head.headers.append("spin-client-addr", peer);
        let component = Component::of(&segments(head.uri.path()));
        let body = read(body, component.room(&env, &head).await).await;
        let Ok(request) = keyback::http::Request::new(&head, body, &SystemRandom) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let route = async |cx: &mut Cx<'_, NativeEnv>, request: &keyback::http::Request| {
            component.route(cx, request).await
        };
        let (response, deferred) = keyback::http::serve(&env, request, route).await;
        if !deferred.is_empty() {
            tokio::spawn(SendWrapper::new(async move {
                Box::pin(component.work(&env, deferred)).await;
            }));
        }
        response.map(Body::from)
    })
    .await
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').skip(1).collect()
}

async fn read(body: Body, most: usize) -> keyback::http::Body {
    match axum::body::to_bytes(body, most).await {
        Ok(bytes) => keyback::http::Body::Read(bytes.to_vec()),
        Err(error) => {
            let source = std::error::Error::source(&error);
            if source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>) {
                keyback::http::Body::TooLarge
            } else {
                keyback::http::Body::Broken
            }
        }
    }
}
