//! A response whose body we send ourselves, so that we know when the host has accepted it.

use http_body_util::Full;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Response};
use spin_sdk::wasip3::http_compat::BodyWriter;

/// The body of a response that has not been sent.
pub(crate) struct UnsentBody {
    writer: BodyWriter,
    content: Vec<u8>,
}

/// Makes the response to return, and the body to send.
///
/// # Errors
/// When the host refuses a header or the status.
pub(crate) fn start(answer: http::Response<Vec<u8>>) -> Result<(Response, UnsentBody), ErrorCode> {
    let internal =
        |error: &dyn std::fmt::Display| ErrorCode::InternalError(Some(error.to_string()));
    let (head, content) = answer.into_parts();
    let headers = Fields::try_from(head.headers).map_err(|error| internal(&error))?;
    let (writer, stream, trailers) = BodyWriter::new();
    // A response to HEAD has a length in its headers, which an empty stream would contradict.
    let stream = (!content.is_empty()).then_some(stream);
    let (response, _sent) = Response::new(headers, stream, trailers);
    response
        .set_status_code(head.status.as_u16())
        .map_err(|()| internal(&"the host refuses the status"))?;
    Ok((response, UnsentBody { writer, content }))
}

impl UnsentBody {
    /// Sends the body, and returns when the host has accepted all of it or wants no more.
    ///
    /// The host reads the end of a body only after the head, so an empty body waits for the head, too.
    pub(crate) async fn send(self) {
        let mut content = Full::new(bytes::Bytes::from(self.content));
        // Fails if the client has gone. The work continues anyway.
        let _ = self.writer.send_http_body(&mut content).await;
    }
}
