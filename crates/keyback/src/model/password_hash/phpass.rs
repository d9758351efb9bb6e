//! Portable hashes of phpass, which content systems in PHP wrote for years: MD5 (`WordPress`, Joomla, phpBB) or SHA-512
//! (Drupal), iterated over the password.

use std::time::Duration;

use base64ct::{Base64ShaCrypt, Encoding as _};
use subtle::ConstantTimeEq as _;

use super::MAX_PASSWORD_BYTES;
use super::digest::Hash;
use super::slowness::times;
use super::text::php_trim;

const ALPHABET: &str = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SALT_CHARS: usize = 8;
/// For one iteration over the longest password, which is tried both with and without surrounding blanks.
const TIME: Duration = Duration::from_micros(3);
/// The logarithm of the iterations: from phpass's own minimum to about 0.4 s for the longest password.
const LOG_ITERATIONS: std::ops::RangeInclusive<u32> = 7..=17;

pub(super) struct PhpassHash {
    hash: Hash,
    /// Whether the password was first replaced by its MD5, as Drupal and TYPO3 did with the hashes of their older
    /// versions.
    is_of_md5: bool,
    log_iterations: u32,
    salt: String,
    output: String,
}

impl PhpassHash {
    /// `$P$B`, salt and hash (`WordPress`; `$H$`: phpBB) or `$S$D`, salt and hash (Drupal), also with a `U` (Drupal), or an
    /// `M` or a `C` (TYPO3), before them.
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let [marker @ ("" | "C" | "M" | "U"), scheme, body] = parts else {
            return None;
        };
        let (hash, output_chars) = match *scheme {
            "P" | "H" => (Hash::Md5, 22),
            "S" => (Hash::Sha512, 43),
            _ => return None,
        };
        let (cost, rest) = body.split_at_checked(1)?;
        let (salt, output) = rest.split_at_checked(SALT_CHARS)?;
        let is_well_formed =
            output.len() == output_chars && rest.chars().all(|char| ALPHABET.contains(char));
        Some(Self {
            hash,
            is_of_md5: matches!(*marker, "M" | "U"),
            log_iterations: ALPHABET.find(cost)?.try_into().ok()?,
            salt: salt.to_owned(),
            output: is_well_formed.then(|| output.to_owned())?,
        })
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        LOG_ITERATIONS.contains(&self.log_iterations)
    }

    pub(super) fn time(&self) -> Duration {
        times(TIME, self.iterations().into())
    }

    fn iterations(&self) -> u32 {
        1_u32.checked_shl(self.log_iterations).unwrap_or(u32::MAX)
    }

    /// `WordPress` strips surrounding blanks from a password, so other passwords match as well.
    pub(super) fn truncates(password: &[u8]) -> bool {
        php_trim(password) != password
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let trimmed = php_trim(password);
        self.accepts_exactly(password) || (trimmed != password && self.accepts_exactly(trimmed))
    }

    /// As [`Self::accepts`], for one spelling of the password.
    fn accepts_exactly(&self, password: &[u8]) -> bool {
        if password.len() > MAX_PASSWORD_BYTES {
            return false;
        }
        let of_md5 = self.is_of_md5.then(|| {
            let digest = Hash::Md5.iterate(&[password], &[], 0);
            base16ct::lower::encode_string(&digest)
        });
        let password = of_md5.as_ref().map_or(password, String::as_bytes);
        let first = [self.salt.as_bytes(), password];
        let digest = self.hash.iterate(&first, password, self.iterations());
        let output = Base64ShaCrypt::encode_string(&digest);
        // Drupal truncates its hashes to 55 characters.
        output
            .get(..self.output.len())
            .is_some_and(|output| output.as_bytes().ct_eq(self.output.as_bytes()).into())
    }
}
