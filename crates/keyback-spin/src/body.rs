//! Reading a body, up to a limit.

use bytes::Bytes;
use http_body_util::BodyExt;
use keyback::http::Body;

/// The whole `body`, if it is at most `most` bytes. `length` is its `Content-Length`, if known.
pub(crate) async fn read(
    mut body: impl BodyExt<Data = Bytes> + Unpin,
    most: usize,
    length: Option<usize>,
) -> Body {
    let mut read = Vec::new();
    // The host has checked the length. Waiting for the end of the stream as well would take further turns of the
    // instance, which may be busy.
    while length.is_none_or(|length| read.len() < length)
        && let Some(frame) = body.frame().await
    {
        let Ok(frame) = frame else {
            return Body::Broken;
        };
        // Otherwise it is trailers, which have no meaning here.
        if let Ok(data) = frame.into_data() {
            if data.len() > most.saturating_sub(read.len()) {
                return Body::TooLarge;
            }
            read.extend_from_slice(&data);
        }
    }
    Body::Read(read)
}
