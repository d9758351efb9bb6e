//! Outbound HTTP on Spin, with limits that Spin does not set.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use http_body_util::Full;
use keyback::http::Body;
use keyback::ports::{HttpClient, NoAnswer};
use spin_sdk::wasip3::http::types::ErrorCode;

use crate::body;

/// The longest answer that is read. A range of the list of breached passwords has about 60 KB, and grows.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Spin's HTTP client. It follows no redirects.
#[derive(Debug)]
pub struct SpinHttp;

impl HttpClient for SpinHttp {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, NoAnswer> {
        let exchange = pin!(exchange(request));
        match select(exchange, pin!(spin_sdk::time::sleep(timeout))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(NoAnswer::TimedOut),
        }
    }
}

async fn exchange(request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, NoAnswer> {
    let request = request.map(|body| Full::new(bytes::Bytes::from(body)));
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that sends, under a timeout"
    )]
    let answer = spin_sdk::http::send(request).await.map_err(|error| {
        if matches!(error, ErrorCode::HttpRequestDenied) {
            NoAnswer::Denied
        } else {
            NoAnswer::Unreachable
        }
    })?;
    let (head, body) = answer.into_parts();
    match body::read(body, MAX_ANSWER_BYTES).await {
        Body::Read(body) => Ok(http::Response::from_parts(head, body)),
        Body::TooLarge | Body::Broken => Err(NoAnswer::Unreachable),
    }
}
