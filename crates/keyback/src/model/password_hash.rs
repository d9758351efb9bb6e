//! Password hashes: Keyback's own, and those of other systems that it accepts. `docs/import-hashes.md` has the table.

use std::fmt;
use std::hint::black_box;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base::random::SecureRandom;
use crate::base::unavailable::Unavailable;

mod argon2;
mod bcrypt;
mod digest;
mod firebase;
mod labelled;
mod md5_crypt;
mod pbkdf2;
mod phpass;
mod scheme;
mod scrypt;
mod sha_crypt;
mod slowness;
mod text;

use self::argon2::Argon2Hash;
use self::scheme::Scheme;
pub use self::slowness::Slowness;

/// The most characters that a hash may have. The longest that any of the supported tools write has about 180.
const MAX_CHARS: usize = 512;
/// Bytes of a foreign salt. NIST SP 800-63B-4 §3.1.1.2 requires at least 32 bits.
const SALT_BYTES: std::ops::RangeInclusive<usize> = 4..=128;
/// Bytes of a foreign hash's result.
const OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// Memory limit for verifying one password.
const MAX_MEMORY_BYTES: u64 = 128 * 1024 * 1024;
/// The longest password that is verified if each iteration hashes the password, since the time then grows with its
/// length. Drupal has the same limit.
const MAX_PASSWORD_BYTES: usize = 512;
/// The prefix of a fingerprint. No scheme begins with it.
const FINGERPRINT: &str = "=";

/// A password's hash, as text that names its scheme, parameters and salt. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// The text is not a hash that Keyback accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a hash in a format that docs/import-hashes.md lists, within its limits and with its scheme, parameters and salt"
)]
pub struct InvalidPasswordHash;

impl PasswordHash {
    /// Parses a hash in one of the documented forms, with a cost within the documented bounds.
    ///
    /// # Errors
    /// [`InvalidPasswordHash`] for anything else; a sign-in never fails for this reason.
    pub fn parse(text: &str) -> Result<Self, InvalidPasswordHash> {
        Scheme::read(text)
            .filter(Scheme::is_within_bounds)
            .map(|_| Self(text.to_owned()))
            .ok_or(InvalidPasswordHash)
    }

    /// The text, for an export to a caller that may see hashes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Hashes `password` with argon2id and Keyback's current parameters.
    pub(super) async fn make(
        password: &[u8],
        random: &impl SecureRandom,
        pause: &impl AsyncFn(),
    ) -> Result<Self, Unavailable> {
        argon2::make(password, random, pause).await.map(Self)
    }

    /// Whether this is the hash of the password. `normal` is in Normalization Form C. `typed` is set if the typed text
    /// differs, since other systems may have hashed that. Keyback's own hash is compared with `normal` only.
    ///
    /// # Errors
    /// If memory runs out, [`Unavailable::Hashing`].
    pub(super) async fn accepts(
        &self,
        normal: &str,
        typed: Option<&str>,
        pause: &impl AsyncFn(),
    ) -> Result<bool, Unavailable> {
        let Some(scheme) = Scheme::read(&self.0) else {
            return refuse(normal, pause).await;
        };
        require_memory(scheme.memory())?;
        if scheme.accepts(normal.as_bytes(), pause).await {
            return Ok(true);
        }
        Ok(match typed.filter(|_| !scheme.is_own()) {
            Some(typed) => scheme.accepts(typed.as_bytes(), pause).await,
            None => false,
        })
    }

    /// As [`PasswordHash::accepts`], if that takes next to no time; false otherwise.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn accepts_if_quick(&self, normal: &str) -> bool {
        let quick = |scheme: &Scheme| scheme.time() <= std::time::Duration::from_millis(10);
        let accepts = |scheme: Scheme| {
            let pause = async || ();
            crate::testing::block_on(scheme.accepts(normal.as_bytes(), &pause))
        };
        Scheme::read(&self.0).filter(quick).is_some_and(accepts)
    }

    /// Whether a correct password should be rehashed: true except for Keyback's own hashes with its current parameters.
    #[must_use]
    pub fn needs_rehash(&self) -> bool {
        !Scheme::read(&self.0).is_some_and(|scheme| scheme.is_own())
    }

    /// Whether the scheme ignored a part of `password`, so that other passwords match as well.
    pub(super) fn truncates(&self, password: &str) -> bool {
        Scheme::read(&self.0).is_some_and(|scheme| scheme.truncates(password.as_bytes()))
    }

    /// How long verifying a password takes; `None` for Keyback's own hashes.
    #[must_use]
    pub fn slowness(&self) -> Option<Slowness> {
        Scheme::read(&self.0)
            .filter(|scheme| !scheme.is_own())
            .map(|scheme| Slowness::of(scheme.time()))
    }

    /// SHA-256 of the hash, which reveals nothing about the password because the hash is salted. Records of version 1
    /// store it in place of a foreign hash. A fingerprint is its own fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Self {
        if self.0.starts_with(FINGERPRINT) {
            return self.clone();
        }
        let digest = Sha256::digest(self.0.as_bytes());
        let digest = Base64UrlUnpadded::encode_string(&digest);
        Self(format!("{FINGERPRINT}{digest}"))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// Takes as long as verifying one of Keyback's own hashes, and returns false.
///
/// # Errors
/// As with [`PasswordHash::accepts`].
pub(super) async fn refuse(password: &str, pause: &impl AsyncFn()) -> Result<bool, Unavailable> {
    let placeholder = Argon2Hash::placeholder();
    require_memory(placeholder.memory())?;
    Ok(placeholder.accepts(password.as_bytes(), pause).await & false)
}

/// Checks that so many bytes can be allocated. Some of the hashing crates abort the program if they cannot, and in a
/// component that ends every request of the instance. Memory that was allocated once stays with the instance until it
/// ends.
fn require_memory(bytes: u64) -> Result<(), Unavailable> {
    let mut memory: Vec<u8> = Vec::new();
    let bytes = usize::try_from(bytes).map_err(|_| Unavailable::Hashing)?;
    memory
        .try_reserve_exact(bytes)
        .map_err(|_| Unavailable::Hashing)?;
    // Without this, the compiler removes the allocation.
    black_box(&memory);
    Ok(())
}

#[cfg(test)]
mod tests;
