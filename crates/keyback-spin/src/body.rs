//! Reading a body, and no more of it than is wanted.

use bytes::Bytes;
use http_body_util::BodyExt;
use keyback::http::Body;

/// All of `body`, if that is at most `most` bytes. `length` is what the head says, if it says it.
pub(crate) async fn read(
    mut body: impl BodyExt<Data = Bytes> + Unpin,
    most: usize,
    length: Option<usize>,
) -> Body {
    let mut read = Vec::new();
    // The host has seen to it that the length is right. To wait for the end as well would take further turns of the
    // instance, which may have much to do.
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
