//! Randomness, as an argument.

use crate::base::outage::Outage;

/// A cryptographically secure source of random bytes.
pub trait SecureRandom {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`Outage::Random`] when the source fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Outage>;
}
