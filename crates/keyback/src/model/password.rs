//! Passwords in clear and hashed.

use std::fmt;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::ports::{Outage, SecureRandom};

/// Memory in KiB, iterations and lanes: the least that OWASP's Password Storage Cheat Sheet and ASVS 5.0 Appendix C
/// both accept for argon2id.
const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// A hash that no password has, to spend on an unknown account the time that a known one takes.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password in clear, in Unicode Normalization Form C (NIST SP 800-63B-4 §3.1.1.2), otherwise exactly as given.
/// Never stored, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Normalises `text`; its length and quality are the policy's business.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// The text, for the policy to judge.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Hashes with argon2id and a fresh salt: about 30 ms and 19 MiB.
    ///
    /// # Errors
    /// [`Outage::Random`] or, for lack of memory, [`Outage::Hashing`].
    pub fn hash(&self, random: &impl SecureRandom) -> Result<PasswordHash, Outage> {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt)?;
        let params = params().map_err(|_| Outage::Hashing)?;
        let phc: Phc = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(self.0.as_bytes(), &salt)
            .map_err(|_| Outage::Hashing)?;
        Ok(PasswordHash(phc.to_string()))
    }

    /// Whether `hash` is this password's. With no hash it is false after the same time.
    #[must_use]
    pub fn verify(&self, hash: Option<&PasswordHash>) -> bool {
        let text = hash.map_or(NOBODYS, |hash| &hash.0);
        let verified = Argon2::default()
            .verify_password(self.0.as_bytes(), text)
            .is_ok();
        verified & hash.is_some()
    }
}

fn params() -> Result<Params, argon2::Error> {
    #[cfg(test)]
    if crate::testing::hashing_is_cheap() {
        return Params::new(Params::MIN_M_COST, Params::MIN_T_COST, LANES, None);
    }
    Params::new(MEMORY_KIB, ITERATIONS, LANES, None)
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// A password's argon2id hash: a PHC string with algorithm, parameters and salt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// Why a text is no hash that Keyback takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an argon2id PHC string with m=19456, t=2, p=1 or stronger")]
pub struct InvalidPasswordHash;

impl PasswordHash {
    /// Parses a PHC string of argon2id, version 19, at least as strong as Keyback's own and at most 128 MiB and 16
    /// iterations, so that one sign-in cannot exhaust the machine.
    ///
    /// # Errors
    /// [`InvalidPasswordHash`] for anything else; never later, at the sign-in.
    pub fn parse(text: &str) -> Result<Self, InvalidPasswordHash> {
        let phc = Phc::new(text).map_err(|_| InvalidPasswordHash)?;
        let params = Params::try_from(&phc).map_err(|_| InvalidPasswordHash)?;
        let complete = phc.salt.is_some() && phc.hash.is_some();
        let ours = phc.algorithm.as_str() == "argon2id" && phc.version == Some(19);
        let strong = params.m_cost() >= MEMORY_KIB && params.t_cost() >= ITERATIONS;
        let bounded =
            params.m_cost() <= 131_072 && params.t_cost() <= 16 && params.p_cost() == LANES;
        if complete && ours && strong && bounded {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPasswordHash)
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
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
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(Password::new("pässwört 1\0x").verify(Some(&hash)));
        assert!(!Password::new("pässwört 1\0y").verify(Some(&hash)));
        assert!(!Password::new("pässwört 1").verify(Some(&hash)));
        assert!(!Password::new("").verify(None));
        assert_eq!(PasswordHash::parse(&hash.0).as_ref(), Ok(&hash));
    }

    #[test]
    fn the_hash_of_nobody_takes_a_full_hashing() {
        let phc = Phc::new(NOBODYS).unwrap();
        let params = Params::try_from(&phc).unwrap();
        assert_eq!((params.m_cost(), params.t_cost()), (MEMORY_KIB, ITERATIONS));
        assert!(PasswordHash::parse(NOBODYS).is_ok());
    }

    #[test]
    fn weak_foreign_and_broken_hashes_are_refused() {
        for bad in [
            "",
            "password",
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5",
            "$argon2i$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=7168,t=5,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=4194304,t=2,p=1$bm9ib2R5IGhhcyB0aGlz$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(PasswordHash::parse(bad), Err(InvalidPasswordHash), "{bad}");
        }
    }
}
