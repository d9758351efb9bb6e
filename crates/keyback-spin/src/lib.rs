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
use keyback::flow::afterwards::Afterwards;
use keyback::http::{Answer, max_body_bytes};
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
    route: impl AsyncFnOnce(&SpinEnv, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_then(request, usual_room, route, async |env, afterwards| {
        afterwards.tidy(&env).await;
    })
    .await
}

/// As [`serve`], for components whose answers leave nothing to be done.
///
/// # Errors
/// As with [`serve`].
pub async fn serve_only(
    request: Request,
    route: impl AsyncFnOnce(&SpinEnv, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_then(request, usual_room, route, async |_, _| ()).await
}

/// As [`serve`], and works off what the request put on the agenda: for components that issue or deliver.
///
/// # Errors
/// As with [`serve`].
pub async fn serve_and_work(
    request: Request,
    route: impl AsyncFnOnce(&SpinEnv, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_work_within(request, usual_room, route).await
}

/// As [`serve_and_work`], for components whose calls have bodies of other sizes: `room` decides by the head of a request
/// how many bytes of its body are read at most.
///
/// # Errors
/// As with [`serve`].
pub async fn serve_and_work_within(
    request: Request,
    room: impl AsyncFnOnce(&SpinEnv, &http::request::Parts) -> usize,
    route: impl AsyncFnOnce(&SpinEnv, &keyback::http::Request) -> Answer,
) -> Result<Response, Error> {
    serve_and_then(request, room, route, async |env, afterwards| {
        afterwards.run(&env).await;
    })
    .await
}

async fn usual_room(_: &SpinEnv, head: &http::request::Parts) -> usize {
    max_body_bytes(head.uri.path())
}

async fn serve_and_then(
    request: Request,
    room: impl AsyncFnOnce(&SpinEnv, &http::request::Parts) -> usize,
    route: impl AsyncFnOnce(&SpinEnv, &keyback::http::Request) -> Answer,
    then: impl AsyncFnOnce(SpinEnv, Afterwards) + 'static,
) -> Result<Response, Error> {
    let env = SpinEnv::open().await;
    let (head, body) = request.into_parts();
    let body = body::read(body, room(&env, &head).await).await;
    let request = keyback::http::Request::new(&head, body, env.entropy())
        .map_err(|outage| ErrorCode::InternalError(Some(outage.to_string())))?;
    let (response, afterwards) = keyback::http::serve(&env, request, route).await;
    let response = response
        .map(|body| Full::new(bytes::Bytes::from(body)))
        .into_response()?;
    if !afterwards.is_nothing() {
        spawn(async move {
            sleep(A_MOMENT).await;
            then(env, afterwards).await;
        });
    }
    // Head and body of the answer then leave in one segment.
    sleep(A_MOMENT).await;
    Ok(response)
}
