//! The adapters: the only crate that names Spin.
//!
//! A component's handler is one call of [`serve`] with its routing table.

mod body;
mod env;
mod key_value;
mod outbound;

pub use env::SpinEnv;

use std::time::Duration;

use http_body_util::Full;
use keyback::courier::after_response;
use keyback::http::{Answer, max_body_bytes};
use keyback::store::cx::{Cx, Deferred};
use spin_sdk::http::{Error, IntoResponse, Request};
use spin_sdk::time::sleep;
use spin_sdk::wasip3::http::types::{ErrorCode, Response};
use spin_sdk::wasip3::spawn;

/// The shortest wait that is one: a mere yield would let the work after the answer run before the answer leaves, and
/// the head of the answer leave before its body.
const A_MOMENT: Duration = Duration::from_micros(1);

/// Answers `request` as `route` decides, and clears up once the answer has left.
///
/// # Errors
/// When there is no randomness at all, or the host takes no response.
pub async fn serve(
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_then(request, route, async |env, deferred| {
        after_response::tidy(&env, deferred).await;
    })
    .await
}

/// As [`serve`], for components whose answers leave nothing to be done.
///
/// # Errors
/// As with [`serve`].
pub async fn serve_only(
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_then(request, route, async |_, _| ()).await
}

/// As [`serve`], and works off what the request put on the agenda: for components that issue or deliver.
///
/// # Errors
/// As with [`serve`].
pub async fn serve_and_work(
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_then(request, route, async |env, deferred| {
        after_response::run(&env, deferred).await;
    })
    .await
}

async fn serve_and_then(
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Answer,
    then: impl AsyncFnOnce(SpinEnv, Deferred) + 'static,
) -> Result<Response, Error> {
    let env = SpinEnv::open().await;
    let (head, body) = request.into_parts();
    let body = body::read(body, max_body_bytes(head.uri.path())).await;
    let request = keyback::http::Request::new(&head, body, env.entropy())
        .map_err(|outage| ErrorCode::InternalError(Some(outage.to_string())))?;
    let (response, deferred) = keyback::http::serve(&env, request, route).await;
    let response = response
        .map(|body| Full::new(bytes::Bytes::from(body)))
        .into_response()?;
    if !deferred.is_empty() {
        spawn(async move {
            sleep(A_MOMENT).await;
            then(env, deferred).await;
        });
    }
    // Head and body of the answer then leave in one segment.
    sleep(A_MOMENT).await;
    Ok(response)
}
