//! SHA-crypt (`$5$` and `$6$`), as glibc, `OpenLDAP`'s `{CRYPT}`, passlib and Moodle write it.

use std::time::Duration;

use base64ct::{Base64ShaCrypt, Encoding as _};
use sha_crypt::{PasswordVerifier as _, ShaCrypt};

use super::slowness::times;
use super::text::decimal;

const ALPHABET: &str = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DEFAULT_ROUNDS: u32 = 5_000;
/// The algorithm's own minimum.
const MIN_ROUNDS: u32 = 1_000;
const SALT_CHARS: std::ops::RangeInclusive<usize> = 1..=16;
/// The password length for which the rounds are bounded: people's passwords are not longer.
const USUAL_PASSWORD_BYTES: usize = 64;
/// The most blocks that one password may take: about 1 s.
const MAX_BLOCKS: u64 = 3_200_000;
/// For one block.
const TIME: Duration = Duration::from_nanos(300);

pub(super) struct ShaCryptHash {
    text: String,
    rounds: u32,
    block_bytes: usize,
    digest_bytes: usize,
}

impl ShaCryptHash {
    /// `$6$salt$hash` or `$6$rounds=656000$salt$hash`.
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let (scheme, rounds, salt, output) = match parts {
            ["", scheme, salt, output] => (*scheme, DEFAULT_ROUNDS, *salt, *output),
            ["", scheme, rounds, salt, output] => {
                let rounds = decimal(rounds.strip_prefix("rounds=")?)?;
                (*scheme, rounds, *salt, *output)
            }
            _ => return None,
        };
        let (block_bytes, digest_bytes) = match scheme {
            "5" => (64, 32),
            "6" => (128, 64),
            _ => return None,
        };
        let is_salt =
            SALT_CHARS.contains(&salt.len()) && salt.chars().all(|char| ALPHABET.contains(char));
        let output = Base64ShaCrypt::decode_vec(output).ok()?;
        (is_salt && output.len() == digest_bytes).then(|| Self {
            text: parts.join("$"),
            rounds,
            block_bytes,
            digest_bytes,
        })
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        self.rounds >= MIN_ROUNDS && self.blocks(USUAL_PASSWORD_BYTES) <= MAX_BLOCKS
    }

    /// A longer password never takes longer than the bound allows.
    pub(super) fn time(&self) -> Duration {
        let blocks = self.blocks(super::MAX_PASSWORD_BYTES).min(MAX_BLOCKS);
        times(TIME, blocks)
    }

    /// How many blocks the digest processes for a password of this many bytes. Each round hashes the password at most
    /// twice.
    fn blocks(&self, password_bytes: usize) -> u64 {
        let salt = *SALT_CHARS.end();
        // In every 42 rounds, 36 hash the password twice and 28 hash the salt. A digest's padding has 9 to 17 bytes.
        let bytes = password_bytes
            .saturating_mul(2)
            .saturating_add(self.digest_bytes)
            .saturating_add(salt)
            .saturating_add(17);
        let blocks = u64::try_from(bytes.div_ceil(self.block_bytes)).unwrap_or(u64::MAX);
        blocks.saturating_mul(self.rounds.into())
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        // The password is hashed once for each of its bytes, and again in each round.
        if password.len() > super::MAX_PASSWORD_BYTES || self.blocks(password.len()) > MAX_BLOCKS {
            return false;
        }
        ShaCrypt::default()
            .verify_password(password, self.text.as_str())
            .is_ok()
    }
}
