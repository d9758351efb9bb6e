//! Outbound HTTP on Spin, with limits that Spin does not set.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use http_body_util::Full;
use keyback::http::Body;
use keyback::ports::{HttpClient, NoAnswer};
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;

use crate::body;

/// The longest answer that is read. A range of the list of breached passwords has about 60 KB, with room to grow.
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
        let mut request = request.map(|body| Full::new(bytes::Bytes::from(body)));
        request.extensions_mut().insert(connect_within(timeout));
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that sends, under a timeout"
        )]
        let answer = pin!(spin_sdk::http::send(request));
        let time = pin!(spin_sdk::time::sleep(timeout));
        let (answer, time) = match select(answer, time).await {
            Either::Left((answer, time)) => (answer.map_err(|error| no_answer(&error))?, time),
            Either::Right(_) => return Err(NoAnswer::TimedOut),
        };
        let (head, body) = answer.into_parts();
        let body = pin!(body::read(body, MAX_ANSWER_BYTES, None));
        match select(body, time).await {
            Either::Left((Body::Read(body), _)) => Ok(http::Response::from_parts(head, body)),
            Either::Left((Body::TooLarge | Body::Broken, _)) | Either::Right(_) => {
                Err(NoAnswer::CutShort(head.status.as_u16()))
            }
        }
    }
}

/// Connecting gets most of the time, so that an unreachable host is distinguished from one that does not answer.
fn connect_within(timeout: Duration) -> RequestOptionsExtension {
    let options = RequestOptions::new();
    let most = timeout.saturating_mul(4).checked_div(5).unwrap_or(timeout);
    let most = u64::try_from(most.as_nanos()).ok();
    // If the host does not support this option, the timeout of the whole call applies.
    let _ = options.set_connect_timeout(most);
    RequestOptionsExtension(options)
}

/// Whether the other side may have the request. The codes are those of `wasi:http`, which follows RFC 9209 §2.3; those
/// named here mean that nothing was sent.
fn no_answer(error: &ErrorCode) -> NoAnswer {
    match error {
        ErrorCode::HttpRequestDenied => NoAnswer::Denied,
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => NoAnswer::NotConnected,
        _ => NoAnswer::Unreachable,
    }
}
