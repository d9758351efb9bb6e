//! Accepts HTTP connections, for the application and for the mailbox.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Grace period for answers in progress when the host is asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// An answer whose body may fail with `E`.
pub(crate) type Answer<E> = Response<UnsyncBoxBody<Bytes, E>>;

/// Binds an address.
///
/// # Errors
/// When that is not possible, with the address in the message.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
}

/// Answers requests with `handle` until `stop` changes, then finishes the answers in progress.
///
/// If `handle` fails, the connection is closed without an answer.
pub(crate) async fn serve<H, F, E>(listener: TcpListener, mut stop: watch::Receiver<()>, handle: H)
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Answer<E>>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => spawn_connection(stream, peer, handle.clone(), &connections),
                // Out of file descriptors, most likely: waits until some are closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    let _unfinished = tokio::time::timeout(GRACE, connections.shutdown()).await;
}

fn spawn_connection<H, F, E>(
    stream: TcpStream,
    peer: SocketAddr,
    handle: H,
    connections: &GracefulShutdown,
) where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Send + 'static,
    F: Future<Output = Result<Answer<E>>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let service = service_fn(move |request| handle(request, peer));
    let builder = Builder::new(TokioExecutor::new());
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away or sends nonsense is not worth a message on a development host.
        let _ended = connection.await;
    });
}
