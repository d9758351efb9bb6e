//! Sealed payloads: encrypted and authenticated, with the id of their key.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use crate::base::base64url::encode;

/// The bytes of an XChaCha20-Poly1305 nonce: 192 bits, long enough to be random.
pub const NONCE_BYTES: usize = 24;

/// An XChaCha20-Poly1305 ciphertext, as stored in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    key: String,
    nonce: String,
    text: String,
}

impl Sealed {
    pub(crate) fn new(key: String, nonce: [u8; NONCE_BYTES], ciphertext: &[u8]) -> Self {
        Self {
            key,
            nonce: encode(&nonce),
            text: encode(ciphertext),
        }
    }

    /// The id of the key that sealed this.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn nonce(&self) -> Option<[u8; NONCE_BYTES]> {
        Base64UrlUnpadded::decode_vec(&self.nonce)
            .ok()?
            .try_into()
            .ok()
    }

    pub(crate) fn ciphertext(&self) -> Option<Vec<u8>> {
        Base64UrlUnpadded::decode_vec(&self.text).ok()
    }
}
