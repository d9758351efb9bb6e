//! The adapters: the only crate that names Spin.
//!
//! A component's handler is one call of [`serve`] with its routing table.

mod env;
mod key_value;
mod outbound;

pub use env::SpinEnv;

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use keyback::http::{Answer, Body, MAX_BODY_BYTES};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::time::sleep;
use spin_sdk::wasip3::http::types::{ErrorCode, Response};

/// The shortest wait that is one: a mere yield would let the work after the answer run before the answer leaves, and
/// the head of the answer leave before its body.
const A_MOMENT: Duration = Duration::from_micros(1);

/// Answers `request` as `route` decides, and goes on with what is to be done afterwards once the answer has left.
///
/// # Errors
/// [`ErrorCode`] when there is no randomness at all, or the host takes no response.
pub async fn serve(
    request: Request,
    route: impl AsyncFnOnce(&SpinEnv, &keyback::http::Request) -> Answer,
) -> Result<Response, spin_sdk::http::Error> {
    let env = SpinEnv::open().await;
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Body::Read(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Body::TooLarge,
        Err(_) => Body::Broken,
    };
    let request = keyback::http::Request::new(&head, body, env.entropy())
        .map_err(|outage| ErrorCode::InternalError(Some(outage.to_string())))?;
    let (response, afterwards) = keyback::http::serve(&env, request, route).await;
    let response = response
        .map(|body| Full::new(bytes::Bytes::from(body)))
        .into_response()?;
    if !afterwards.is_nothing() {
        spin_sdk::wasip3::spawn(async move {
            sleep(A_MOMENT).await;
            afterwards.run(&env).await;
        });
    }
    // Head and body of the answer then leave in one segment.
    sleep(A_MOMENT).await;
    Ok(response)
}
