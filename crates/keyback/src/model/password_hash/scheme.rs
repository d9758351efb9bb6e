//! The schemes, and how to tell which one a text uses.

use std::time::Duration;

use super::MAX_CHARS;
use super::argon2::Argon2Hash;
use super::bcrypt::BcryptHash;
use super::digest::DigestHash;
use super::firebase::FirebaseHash;
use super::labelled;
use super::md5_crypt::Md5CryptHash;
use super::pbkdf2::Pbkdf2Hash;
use super::phpass::PhpassHash;
use super::scrypt::ScryptHash;
use super::sha_crypt::ShaCryptHash;

/// A hash that has the form of its scheme, with costs within our bounds.
pub(super) enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Digest(DigestHash),
    Firebase(FirebaseHash),
    Md5Crypt(Md5CryptHash),
    Pbkdf2(Pbkdf2Hash),
    Phpass(PhpassHash),
    Scrypt(ScryptHash),
    ShaCrypt(ShaCryptHash),
}

/// Calls a method that all schemes have.
macro_rules! of_each {
    ($scheme:expr, $hash:ident => $call:expr) => {
        match $scheme {
            Scheme::Argon2($hash) => $call,
            Scheme::Bcrypt($hash) => $call,
            Scheme::Digest($hash) => $call,
            Scheme::Firebase($hash) => $call,
            Scheme::Md5Crypt($hash) => $call,
            Scheme::Pbkdf2($hash) => $call,
            Scheme::Phpass($hash) => $call,
            Scheme::Scrypt($hash) => $call,
            Scheme::ShaCrypt($hash) => $call,
        }
    };
}

impl Scheme {
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_CHARS || !text.is_ascii() {
            return None;
        }
        if text.starts_with('{') {
            return labelled::read(text);
        }
        // Prefixes that MediaWiki and Nextcloud put before the hash.
        let marks = [":argon2:", "1|", "2|", "3|"];
        let text = marks
            .iter()
            .find_map(|mark| text.strip_prefix(mark))
            .unwrap_or(text);
        let parts: Vec<&str> = text.split('$').collect();
        Argon2Hash::read(&parts)
            .map(Self::Argon2)
            .or_else(|| BcryptHash::read(&parts).map(Self::Bcrypt))
            .or_else(|| Pbkdf2Hash::read(&parts).map(Self::Pbkdf2))
            .or_else(|| ScryptHash::read(&parts).map(Self::Scrypt))
            .or_else(|| FirebaseHash::read(&parts).map(Self::Firebase))
            .or_else(|| PhpassHash::read(&parts).map(Self::Phpass))
            .or_else(|| ShaCryptHash::read(&parts).map(Self::ShaCrypt))
            .or_else(|| Md5CryptHash::read(&parts).map(Self::Md5Crypt))
            .or_else(|| DigestHash::read(&parts).map(Self::Digest))
    }

    /// Whether the parameters are really used by some system, and verifying one password takes at most 128 MiB and
    /// about a second.
    pub(super) fn is_within_bounds(&self) -> bool {
        of_each!(self, hash => hash.is_within_bounds())
    }

    /// The most time that verifying one password takes in Wasm on the machine of `docs/performance.md`.
    pub(super) fn time(&self) -> Duration {
        of_each!(self, hash => hash.time())
    }

    /// Bytes that verifying one password needs, apart from a few KiB.
    pub(super) fn memory(&self) -> u64 {
        match self {
            Self::Argon2(hash) => hash.memory(),
            Self::Firebase(hash) => hash.memory(),
            Self::Scrypt(hash) => hash.memory(),
            _ => 0,
        }
    }

    pub(super) fn is_own(&self) -> bool {
        matches!(self, Self::Argon2(hash) if hash.is_own())
    }

    /// Whether the scheme ignored a part of `password`, so that other passwords match as well.
    pub(super) fn truncates(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.truncates(password),
            Self::Phpass(_) => PhpassHash::truncates(password),
            _ => false,
        }
    }

    /// Whether this is the hash of `password`. Of all schemes, only argon2 calls `pause`.
    pub(super) async fn accepts(&self, password: &[u8], pause: &impl AsyncFn()) -> bool {
        match self {
            Self::Argon2(hash) => hash.accepts(password, pause).await,
            Self::Bcrypt(hash) => hash.accepts(password),
            Self::Digest(hash) => hash.accepts(password),
            Self::Firebase(hash) => hash.accepts(password),
            Self::Md5Crypt(hash) => hash.accepts(password),
            Self::Pbkdf2(hash) => hash.accepts(password),
            Self::Phpass(hash) => hash.accepts(password),
            Self::Scrypt(hash) => hash.accepts(password),
            Self::ShaCrypt(hash) => hash.accepts(password),
        }
    }
}
