//! PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-1, HMAC-SHA-256 or HMAC-SHA-512.

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::text::{base64, decimal, numbers};
use super::{OUTPUT_BYTES, SALT_BYTES};

/// The fewest iterations: what RFC 2898 asked for in the year 2000.
const MIN_ITERATIONS: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The most iterations, for all blocks of the result together: about 1 s.
    const fn max_work(self) -> u64 {
        match self {
            Self::Sha1 | Self::Sha256 => 2_000_000,
            Self::Sha512 => 1_000_000,
        }
    }
}

pub(super) struct Pbkdf2Hash {
    hash: Hash,
    iterations: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Pbkdf2Hash {
    /// `$pbkdf2-sha256$i=600000,l=32$salt$hash` (PHC), `$pbkdf2-sha256$29000$salt$hash` (passlib; `pbkdf2` alone is
    /// with SHA-1) or `pbkdf2_sha256$1000000$salt$hash` (Django, whose salt is text).
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        match parts {
            ["", scheme, cost, salt, output] => {
                let hash = match *scheme {
                    "pbkdf2" | "pbkdf2-sha1" => Hash::Sha1,
                    "pbkdf2-sha256" => Hash::Sha256,
                    "pbkdf2-sha512" => Hash::Sha512,
                    _ => return None,
                };
                let output = base64(output)?;
                let iterations = match numbers(cost, ["i", "l"]) {
                    Some([iterations, length]) => {
                        let is_length = usize::try_from(length).is_ok_and(|it| it == output.len());
                        is_length.then_some(iterations)?
                    }
                    None => decimal(cost.strip_prefix("i=").unwrap_or(cost))?,
                };
                Some(Self {
                    hash,
                    iterations,
                    salt: base64(salt)?,
                    output,
                })
            }
            [scheme, iterations, salt, output] => Some(Self {
                hash: match *scheme {
                    "pbkdf2_sha1" => Hash::Sha1,
                    "pbkdf2_sha256" => Hash::Sha256,
                    "pbkdf2_sha512" => Hash::Sha512,
                    _ => return None,
                },
                iterations: decimal(iterations)?,
                salt: salt.as_bytes().to_vec(),
                output: base64(output)?,
            }),
            _ => None,
        }
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        let blocks = self.output.len().div_ceil(self.hash.bytes());
        let work = u64::try_from(blocks)
            .unwrap_or(u64::MAX)
            .saturating_mul(self.iterations.into());
        self.iterations >= MIN_ITERATIONS
            && work <= self.hash.max_work()
            && SALT_BYTES.contains(&self.salt.len())
            && OUTPUT_BYTES.contains(&self.output.len())
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let derive = match self.hash {
            Hash::Sha1 => pbkdf2_hmac::<Sha1>,
            Hash::Sha256 => pbkdf2_hmac::<Sha256>,
            Hash::Sha512 => pbkdf2_hmac::<Sha512>,
        };
        derive(password, &self.salt, self.iterations, &mut output);
        output.ct_eq(&self.output).into()
    }
}
