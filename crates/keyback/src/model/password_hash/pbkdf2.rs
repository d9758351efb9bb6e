//! PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-1, HMAC-SHA-256 or HMAC-SHA-512.

use std::time::Duration;

use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::slowness::times;
use super::text::{base64, decimal, hex, numbers, padded_base64};
use super::{OUTPUT_BYTES, SALT_BYTES};

/// The fewest iterations: the minimum of RFC 2898, from the year 2000.
const MIN_ITERATIONS: u32 = 1_000;
/// Spring's hashes do not contain its parameters: before 5.8, and since.
const SPRING_5_5: (Hash, u32, usize) = (Hash::Sha1, 185_000, 8);
const SPRING_5_8: (Hash, u32, usize) = (Hash::Sha256, 310_000, 16);
const SPRING_OUTPUT_BYTES: usize = 32;
/// Iterations, and the bytes of salt and result, in Atlassian's products.
const ATLASSIAN: (u32, usize, usize) = (10_000, 16, 32);
/// The bytes of salt and result in 389 Directory Server.
const DIRECTORY_389: (usize, usize) = (64, 256);
/// The bytes of salt and result in ASP.NET Core Identity's version 2.
const IDENTITY_V2: (usize, usize) = (16, 32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// For one iteration of one block of the result.
    const fn time(self) -> Duration {
        Duration::from_nanos(match self {
            Self::Sha1 => 240,
            Self::Sha256 => 480,
            Self::Sha512 => 560,
        })
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The most iterations, over all blocks of the result together: about 1 s.
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
    /// with SHA-1), `pbkdf2_sha256$1000000$salt$hash` (Django, whose salt is text), `pbkdf2:sha256:1000000$salt$hash`
    /// (Werkzeug, whose hash is hexadecimal as well), or base64 of all (ASP.NET Core Identity).
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
            [method, salt, output] => {
                let (hash, iterations) = method.strip_prefix("pbkdf2:")?.split_once(':')?;
                Some(Self {
                    hash: Hash::named(hash)?,
                    iterations: decimal(iterations)?,
                    salt: salt.as_bytes().to_vec(),
                    output: hex(output)?,
                })
            }
            [whole] => {
                Self::read_mediawiki(whole).or_else(|| Self::read_identity(&padded_base64(whole)?))
            }
            _ => None,
        }
    }

    /// `:pbkdf2:sha512:30000:64:salt:hash` (`MediaWiki`), with the length of the result.
    fn read_mediawiki(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(":pbkdf2:")?.split(':');
        let mut next = || parts.next();
        let (hash, iterations, length, salt, output) =
            (next()?, next()?, next()?, next()?, next()?);
        let output = padded_base64(output)?;
        let length: usize = decimal(length)?.try_into().ok()?;
        (parts.next().is_none() && output.len() == length).then_some(Self {
            hash: Hash::named(hash)?,
            iterations: decimal(iterations)?,
            salt: padded_base64(salt)?,
            output,
        })
    }

    /// Salt and result of Atlassian's products.
    fn read_atlassian(bytes: &[u8]) -> Option<Self> {
        let (iterations, salt_bytes, output_bytes) = ATLASSIAN;
        let (salt, output) = bytes.split_at_checked(salt_bytes)?;
        let is_whole = output.len() == output_bytes;
        is_whole.then(|| Self::new(Hash::Sha1, iterations, salt, output))
    }

    /// Iterations, salt and result of 389 Directory Server. Its eight blocks are independent, so checking the first is
    /// enough.
    fn read_389(bytes: &[u8]) -> Option<Self> {
        let (salt_bytes, output_bytes) = DIRECTORY_389;
        let (iterations, rest) = bytes.split_first_chunk()?;
        let (salt, output) = rest.split_at_checked(salt_bytes)?;
        let first = output.get(..Hash::Sha256.bytes())?;
        let iterations = u32::from_be_bytes(*iterations);
        let is_whole = output.len() == output_bytes;
        is_whole.then(|| Self::new(Hash::Sha256, iterations, salt, first))
    }

    /// What follows a `{label}` that begins with `pbkdf2`, in lower case: hexadecimal of salt and result (Spring),
    /// `10000$salt$hash` (LDAP), or base64 of all (389 Directory Server); or `pkcs5s2`, and base64 of salt and result
    /// (Atlassian).
    pub(super) fn read_labelled(label: &str, parts: &[&str]) -> Option<Self> {
        match parts {
            [whole] if label == "pkcs5s2" => Self::read_atlassian(&padded_base64(whole)?),
            [whole] if label == "pbkdf2_sha256" => Self::read_389(&padded_base64(whole)?),
            [whole] => {
                let (hash, iterations, salt_bytes) = match label {
                    "pbkdf2" => SPRING_5_5,
                    "pbkdf2@springsecurity_v5_8" => SPRING_5_8,
                    _ => return None,
                };
                let bytes = hex(whole)?;
                let (salt, output) = bytes.split_at_checked(salt_bytes)?;
                let is_whole = output.len() == SPRING_OUTPUT_BYTES;
                is_whole.then(|| Self::new(hash, iterations, salt, output))
            }
            [iterations, salt, output] => Some(Self {
                hash: match label {
                    "pbkdf2" => Hash::Sha1,
                    label => Hash::named(label.strip_prefix("pbkdf2-")?)?,
                },
                iterations: decimal(iterations)?,
                salt: base64(salt)?,
                output: base64(output)?,
            }),
            _ => None,
        }
    }

    /// A zero byte, salt and result (version 2); or a one byte, then hash, iterations and salt length as four-byte
    /// numbers, then salt and result (version 3).
    fn read_identity(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        if version == 0 {
            let (salt_bytes, output_bytes) = IDENTITY_V2;
            let (salt, output) = rest.split_at_checked(salt_bytes)?;
            let is_whole = output.len() == output_bytes;
            return is_whole.then(|| Self::new(Hash::Sha1, MIN_ITERATIONS, salt, output));
        }
        let (hash, rest) = rest.split_first_chunk().filter(|_| version == 1)?;
        let (iterations, rest) = rest.split_first_chunk()?;
        let (salt_bytes, rest) = rest.split_first_chunk()?;
        let hash = match u32::from_be_bytes(*hash) {
            0 => Hash::Sha1,
            1 => Hash::Sha256,
            2 => Hash::Sha512,
            _ => return None,
        };
        let salt_bytes = u32::from_be_bytes(*salt_bytes).try_into().ok()?;
        let (salt, output) = rest.split_at_checked(salt_bytes)?;
        Some(Self::new(
            hash,
            u32::from_be_bytes(*iterations),
            salt,
            output,
        ))
    }

    fn new(hash: Hash, iterations: u32, salt: &[u8], output: &[u8]) -> Self {
        Self {
            hash,
            iterations,
            salt: salt.to_vec(),
            output: output.to_vec(),
        }
    }

    /// The iterations over all blocks of the result.
    fn work(&self) -> u64 {
        let blocks = self.output.len().div_ceil(self.hash.bytes());
        u64::try_from(blocks)
            .unwrap_or(u64::MAX)
            .saturating_mul(self.iterations.into())
    }

    pub(super) fn time(&self) -> Duration {
        times(self.hash.time(), self.work())
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        self.iterations >= MIN_ITERATIONS
            && self.work() <= self.hash.max_work()
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
