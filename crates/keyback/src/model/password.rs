//! Passwords in clear, and their hashing.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::base::blank::is_blank;
use crate::base::random::SecureRandom;
use crate::base::unavailable::Unavailable;
use crate::model::password_hash;

pub use crate::model::password_hash::{InvalidPasswordHash, PasswordHash};

/// A password in clear, in Unicode Normalization Form C (NIST SP 800-63B-4 §3.1.1.2), otherwise exactly as given.
/// Never stored, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    normal: String,
    /// The text as typed, if it differs: another system may have hashed that form.
    typed: Option<String>,
}

impl Password {
    /// Normalises `text`; its length and quality are the policy's business.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let normal: String = text.nfc().collect();
        Self {
            typed: (normal != text).then(|| text.to_owned()),
            normal,
        }
    }

    /// The password that somebody else chose for a user: blanks around it, which are copied along and which nobody can
    /// read out, are not part of it.
    #[must_use]
    pub fn without_blanks(text: &str) -> Self {
        Self::new(text.trim_matches(is_blank))
    }

    /// The password without surrounding blanks, which get copied along with it (NIST SP 800-63B-4 §3.1.1.2).
    #[must_use]
    pub fn without_blanks_around(&self) -> Self {
        Self::without_blanks(self.typed.as_deref().unwrap_or(&self.normal))
    }

    /// Whether it is the same text as `other`, in whichever normal form.
    #[must_use]
    pub fn is_spelled_like(&self, other: &Self) -> bool {
        self.normal == other.normal
    }

    /// The text, for the policy to check.
    pub(crate) fn reveal(&self) -> &str {
        &self.normal
    }

    /// Hashes with argon2id and a fresh salt: about 30 ms and 19 MiB. Calls `pause` every millisecond or so.
    ///
    /// # Errors
    /// [`Unavailable::Random`] or, if memory runs out, [`Unavailable::Hashing`].
    pub async fn hash_in_slices(
        &self,
        random: &impl SecureRandom,
        pause: &impl AsyncFn(),
    ) -> Result<PasswordHash, Unavailable> {
        PasswordHash::make(self.normal.as_bytes(), random, pause).await
    }

    /// Whether `hash` is this password's. Without a hash, it takes as long as for one of Keyback's own and returns
    /// false. Calls `pause` like [`Password::hash_in_slices`], but not during hashes that other systems made.
    ///
    /// # Errors
    /// If memory runs out, [`Unavailable::Hashing`].
    pub async fn verify_in_slices(
        &self,
        hash: Option<&PasswordHash>,
        pause: &impl AsyncFn(),
    ) -> Result<bool, Unavailable> {
        match hash {
            None => password_hash::refuse(&self.normal, pause).await,
            Some(hash) => {
                let typed = self.typed.as_deref();
                hash.accepts(&self.normal, typed, pause).await
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn hash(&self, random: &impl SecureRandom) -> Result<PasswordHash, Unavailable> {
        crate::testing::block_on(self.hash_in_slices(random, &async || ()))
    }

    #[cfg(test)]
    pub(crate) fn verify(&self, hash: Option<&PasswordHash>) -> bool {
        crate::testing::block_on(self.verify_in_slices(hash, &async || ())).unwrap()
    }

    /// Whether the password, which matches `hash`, should be rehashed with Keyback's own parameters.
    #[must_use]
    pub fn needs_rehash(&self, hash: &PasswordHash) -> bool {
        let mut spellings = [Some(&self.normal), self.typed.as_ref()]
            .into_iter()
            .flatten();
        hash.needs_rehash() && !spellings.any(|text| hash.truncates(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    #[test]
    fn a_hash_fits_its_password_in_any_normal_form_and_no_other() {
        let random = SeededRandom::new(7);
        let hash = Password::new("pa\u{0308}sswo\u{0308}rt 1\0x")
            .hash(&random)
            .unwrap();
        assert!(Password::new("pässwört 1\0x").verify(Some(&hash)));
        assert!(Password::new("pässwo\u{0308}rt 1\0x").verify(Some(&hash)));
        assert!(!Password::new("pässwört 1\0y").verify(Some(&hash)));
        assert!(!Password::new("pässwört 1").verify(Some(&hash)));
        assert!(!Password::new("").verify(None));
    }

    #[test]
    fn debug_output_hides_the_password() {
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(hidden)");
    }
}
