//! The adapters: the only crate that names Spin.
//!
//! A component's handler is one call of [`serve`] with its routing table.

mod body;
mod env;
#[cfg(not(feature = "redis"))]
mod key_value;
mod leaving;
mod no_store;
mod outbound;
#[cfg(feature = "redis")]
mod redis;
mod response;

pub use env::SpinEnv;
pub use no_store::NoStore;

use std::time::Duration;

use futures::future::maybe_done;
use futures::poll;
use keyback::courier::after_response;
use keyback::http::{Answer, Body, Problem, max_body_bytes};
use keyback::ports::{Env as _, KeyValue};
use keyback::store::counts;
use keyback::store::cx::{Cx, Deferred};
use leaving::Leaving;
use spin_sdk::http::{Error, Request};
use spin_sdk::time::sleep;
use spin_sdk::wasip3::http::types::{ErrorCode, Response};
use spin_sdk::wasip3::spawn;

/// The shortest sleep. The host's timers make it a millisecond.
const A_MOMENT: Duration = Duration::from_micros(1);

/// Answers `request` by `route`, then tidies up after the response.
///
/// # Errors
/// When the host has no randomness, or accepts no response.
pub async fn serve(
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Result<Answer, Problem>,
) -> Result<Response, Error> {
    serve_and_then(
        SpinEnv::default(),
        request,
        usual_room,
        route,
        async |env, deferred| {
            if !deferred.is_empty() {
                after_response::tidy(&env, deferred).await;
            }
            counts::store_later(&env).await;
        },
    )
    .await
}

/// Like [`serve`], for components without a store: their requests leave no work, and are not measured.
///
/// # Errors
/// Those of [`serve`].
pub async fn serve_only(
    request: Request,
    route: impl AsyncFnOnce(
        &mut Cx<'_, SpinEnv<NoStore>>,
        &keyback::http::Request,
    ) -> Result<Answer, Problem>,
) -> Result<Response, Error> {
    let env = SpinEnv::with_store(NoStore);
    serve_and_then(env, request, usual_room, route, async |_, _| ()).await
}

/// Like [`serve`], and runs the agenda entry that the request wrote: for components that issue or deliver.
///
/// # Errors
/// Those of [`serve`].
pub async fn serve_and_work(
    request: Request,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Result<Answer, Problem>,
) -> Result<Response, Error> {
    serve_and_then(
        SpinEnv::default(),
        request,
        usual_room,
        route,
        async |env, deferred| {
            if !deferred.is_empty() {
                after_response::run(&env, deferred).await;
            }
            counts::store_later(&env).await;
        },
    )
    .await
}

/// Like [`serve_and_work`], for the component that imports accounts. From the head of a request, `room` decides how
/// many bytes of its body are read. After many changes, the directory is updated too.
///
/// # Errors
/// Those of [`serve`].
pub async fn serve_and_work_within(
    request: Request,
    room: impl AsyncFnOnce(&SpinEnv, &http::request::Parts) -> usize,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv>, &keyback::http::Request) -> Result<Answer, Problem>,
) -> Result<Response, Error> {
    serve_and_then(
        SpinEnv::default(),
        request,
        room,
        route,
        async |env, deferred| {
            if !deferred.is_empty() {
                after_response::run_and_follow(&env, deferred).await;
            }
            counts::store_later(&env).await;
        },
    )
    .await
}

async fn usual_room<S: KeyValue>(_: &SpinEnv<S>, head: &http::request::Parts) -> usize {
    max_body_bytes(head.uri.path())
}

async fn serve_and_then<S: KeyValue + 'static>(
    env: SpinEnv<S>,
    request: Request,
    room: impl AsyncFnOnce(&SpinEnv<S>, &http::request::Parts) -> usize,
    route: impl AsyncFnOnce(&mut Cx<'_, SpinEnv<S>>, &keyback::http::Request) -> Result<Answer, Problem>,
    then: impl AsyncFnOnce(SpinEnv<S>, Deferred) + 'static,
) -> Result<Response, Error> {
    let present = env.hashing_gate().arrive();
    let (head, body) = request.into_parts();
    let room = room(&env, &head).await;
    let length = head.headers.get(http::header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
    let body = body::read(body, room, length).await;
    let is_unread = matches!(body, Body::TooLarge);
    let request = keyback::http::Request::new(&head, body, env.entropy())
        .map_err(|outage| ErrorCode::InternalError(Some(outage.to_string())))?;
    let (answer, deferred) = keyback::http::serve(&env, request, route).await;
    let leaving = Leaving::begin();
    let (response, body) = response::start(answer)?;
    // The host can take the body as soon as it has the head.
    let mut sending = Box::pin(maybe_done(body.send()));
    let _ = poll!(sending.as_mut());
    let was_store_used = env.was_store_used();
    spawn(async move {
        sending.await;
        drop((leaving, present));
        leaving::give_way(then(env, deferred)).await;
    });
    // While a call to SQLite blocks a thread, the runtime moves that thread's other tasks to another one. Without this sleep, the
    // connection's task, by then on that thread, often sends the head before it gets the body, which leaves in a second segment.
    // A yield makes that worse. The host also closes a connection whose body was not read: after the sleep, a quick client has
    // sent its body and can read the answer.
    if was_store_used || is_unread {
        sleep(A_MOMENT).await;
    }
    Ok(response)
}
