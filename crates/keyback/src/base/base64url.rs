//! Base64url, the text form of binary values.

use base64ct::{Base64UrlUnpadded, Encoding as _};

/// Base64url without padding, as all binary values are written in keys, links and answers.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
