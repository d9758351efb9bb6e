//! A list of breached passwords that answers range queries.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::{AppBuilder, stand::Stand};

/// The list; it ends when this is dropped.
pub(crate) struct BreachList {
    asked: Arc<Mutex<Vec<String>>>,
    stand: Stand,
}

impl BreachList {
    /// A list that answers every question with `status` and `range`.
    pub(crate) fn answering(status: u16, range: impl Into<String>) -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (paths, range) = (Arc::clone(&asked), range.into());
        let stand = Stand::open(move |listener| serve(listener, status, range, paths));
        Self { asked, stand }
    }

    /// The same app, set up to ask this list.
    pub(crate) fn asked_by(&self, app: AppBuilder) -> AppBuilder {
        app.variable("password_breach_check", "on")
            .variable("password_breach_api_origin", self.stand.origin())
    }

    /// The paths that were requested so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(listener: TcpListener, status: u16, range: String, asked: Arc<Mutex<Vec<String>>>) {
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            continue;
        };
        let (range, asked) = (range.clone(), Arc::clone(&asked));
        let service = service_fn(move |request: Request<Incoming>| {
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push(request.uri().path().to_owned());
            let response = Response::builder()
                .status(status)
                .body(Full::<Bytes>::from(range.clone()));
            let response = response.expect("the answer is well formed");
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}
