//! Randomness, as an argument.

use crate::base::unavailable::Unavailable;

/// A cryptographically secure source of random bytes.
pub trait SecureRandom {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`Unavailable::Random`] when the source fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable>;
}
