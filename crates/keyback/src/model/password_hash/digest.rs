//! Salted digests, in the forms of LDAP servers, Django, Werkzeug, Joomla, Spring and Symfony. Nothing slows down
//! guessing, so they are accepted only to be replaced.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;

use super::slowness::times;
use super::text::{base64, decimal, hex, padded_base64};
use super::{MAX_PASSWORD_BYTES, SALT_BYTES};

/// The most iterations, about 0.3 s for the longest password. Symfony's default is 5,000.
const MAX_ITERATIONS: u32 = 200_000;
/// The most iterations of the digest alone, each of one block whatever the password is. This is Shiro's default.
const MAX_ITERATIONS_OF_DIGESTS: u32 = 500_000;
/// For one iteration over the longest password.
const TIME: Duration = Duration::from_nanos(1_500);
/// The iterations of Spring's `StandardPasswordEncoder`.
const SPRING_ITERATIONS: u32 = 1_024;
const SPRING_SALT_BYTES: usize = 8;
/// osCommerce's salts have 2 characters. Joomla's had 16 at first, and 32 later.
const JOOMLA_SALT_CHARS: [usize; 3] = [2, 16, 32];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of `first`; then, `more` times, the digest of the last digest and `rest`.
    pub(super) fn iterate(self, first: &[&[u8]], rest: &[u8], more: u32) -> Vec<u8> {
        match self {
            Self::Md5 => iterate::<Md5>(first, rest, more),
            Self::Sha1 => iterate::<Sha1>(first, rest, more),
            Self::Sha256 => iterate::<Sha256>(first, rest, more),
            Self::Sha384 => iterate::<Sha384>(first, rest, more),
            Self::Sha512 => iterate::<Sha512>(first, rest, more),
        }
    }

    fn hmac(self, key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        macro_rules! hmac {
            ($hash:ty) => {
                Hmac::<$hash>::new_from_slice(key)
                    .map(|hmac| hmac.chain_update(text).finalize().into_bytes().to_vec())
            };
        }
        match self {
            Self::Md5 => hmac!(Md5),
            Self::Sha1 => hmac!(Sha1),
            Self::Sha256 => hmac!(Sha256),
            Self::Sha384 => hmac!(Sha384),
            Self::Sha512 => hmac!(Sha512),
        }
        .ok()
    }
}

fn iterate<D: Digest>(first: &[&[u8]], rest: &[u8], more: u32) -> Vec<u8> {
    let mut digest = first.iter().fold(D::new(), D::chain_update).finalize();
    for _ in 0..more {
        digest = D::new().chain_update(&digest).chain_update(rest).finalize();
    }
    digest.to_vec()
}

/// What is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// The password, then the salt.
    PasswordSalt,
    /// Either that or the reverse order. The hash does not say which, so both are tried.
    EitherOrder,
    /// The salt, a hyphen, and the digest of the password in hexadecimal.
    SaltDigest,
    /// The salt, then the password (Django); or the password under the salt as an HMAC's key (Werkzeug). The hash does not
    /// say which, so both are tried.
    SaltPasswordOrHmac,
    /// The salt, then the password; then the digest alone, so that there are this many iterations.
    SaltPasswordIterated(u32),
    /// The password, then the salt in braces; then the digest followed by the same text, so that there are this many
    /// iterations.
    Symfony(u32),
}

pub(super) struct DigestHash {
    hash: Hash,
    input: Input,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl DigestHash {
    /// `md5$salt$hash` (Django), `sha256$salt$hash` (Werkzeug), `symfony_sha512$5000$salt$hash`,
    /// `$shiro1$SHA-256$500000$salt$hash`, or `hash:salt` (Joomla). Symfony's and Shiro's are base64, all others
    /// hexadecimal.
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        match parts {
            [scheme, salt, output] => Some(Self {
                hash: match *scheme {
                    "md5" => Hash::Md5,
                    "sha1" => Hash::Sha1,
                    "sha256" => Hash::Sha256,
                    "sha512" => Hash::Sha512,
                    _ => return None,
                },
                input: Input::SaltPasswordOrHmac,
                salt: salt.as_bytes().to_vec(),
                output: hex(output)?,
            }),
            [scheme, iterations, salt, output] => Some(Self {
                hash: match *scheme {
                    "symfony_sha1" => Hash::Sha1,
                    "symfony_sha256" => Hash::Sha256,
                    "symfony_sha512" => Hash::Sha512,
                    _ => return None,
                },
                input: Input::Symfony(decimal(iterations)?),
                salt: salt.as_bytes().to_vec(),
                output: base64(output)?,
            }),
            ["", "shiro1", hash, iterations, salt, output] => Some(Self {
                hash: match *hash {
                    "MD5" => Hash::Md5,
                    "SHA-1" => Hash::Sha1,
                    "SHA-256" => Hash::Sha256,
                    "SHA-384" => Hash::Sha384,
                    "SHA-512" => Hash::Sha512,
                    _ => return None,
                },
                input: Input::SaltPasswordIterated(decimal(iterations)?),
                salt: padded_base64(salt)?,
                output: padded_base64(output)?,
            }),
            [whole] => Self::read_mediawiki(whole).or_else(|| Self::read_shop(whole)),
            _ => None,
        }
    }

    /// `:B:salt:hash` or `:A:hash`, hexadecimal (`MediaWiki` before 1.24).
    fn read_mediawiki(text: &str) -> Option<Self> {
        let (salt, output) = match text.strip_prefix(":A:") {
            Some(output) => ("", output),
            None => text.strip_prefix(":B:")?.split_once(':')?,
        };
        let is_salted = text.starts_with(":B:");
        let is_salt =
            salt.is_empty() != is_salted && salt.bytes().all(|it| it.is_ascii_alphanumeric());
        Some(Self {
            hash: Hash::Md5,
            input: if is_salted {
                Input::SaltDigest
            } else {
                Input::PasswordSalt
            },
            salt: salt.as_bytes().to_vec(),
            output: hex(output).filter(|_| is_salt)?,
        })
    }

    /// `hash:salt` with MD5 (Joomla, osCommerce, Magento 1) or SHA-256 (Magento 1), or `hash:salt:1` with SHA-256 and
    /// `hash:salt:0` with MD5 (Magento 2).
    fn read_shop(text: &str) -> Option<Self> {
        let hash = match text.find(':')? {
            32 => Hash::Md5,
            64 => Hash::Sha256,
            _ => return None,
        };
        let version = if hash == Hash::Md5 { ":0" } else { ":1" };
        Self::read_joomla(hash, text.strip_suffix(version).unwrap_or(text))
    }

    /// What follows a `{label}`, given in lower case as `label`: base64 of digest and salt (LDAP), hexadecimal preceded
    /// by the salt in braces (Spring), or hexadecimal followed by a colon and the salt (Joomla).
    pub(super) fn read_labelled(label: &str, rest: &str) -> Option<Self> {
        let (hash, is_salted) = match label {
            "md5" | "plain-md5" => (Hash::Md5, false),
            "smd5" => (Hash::Md5, true),
            "sha" | "sha-1" => (Hash::Sha1, false),
            "ssha" => (Hash::Sha1, true),
            "sha256" | "sha-256" => (Hash::Sha256, false),
            "ssha256" => (Hash::Sha256, true),
            "sha384" => (Hash::Sha384, false),
            "ssha384" => (Hash::Sha384, true),
            "sha512" => (Hash::Sha512, false),
            "ssha512" => (Hash::Sha512, true),
            _ => return None,
        };
        let of_ldap = Self::read_ldap(hash, is_salted, rest);
        if is_salted {
            return of_ldap;
        }
        of_ldap
            .or_else(|| Self::read_spring(hash, rest))
            .or_else(|| match hash {
                Hash::Sha256 => {
                    Self::read_spring_standard(rest).or_else(|| Self::read_joomla(hash, rest))
                }
                _ => None,
            })
    }

    fn read_ldap(hash: Hash, is_salted: bool, rest: &str) -> Option<Self> {
        let mut output = padded_base64(rest).filter(|it| it.len() >= hash.bytes())?;
        let salt = output.split_off(hash.bytes());
        (salt.is_empty() != is_salted).then_some(Self {
            hash,
            input: Input::PasswordSalt,
            salt,
            output,
        })
    }

    fn read_spring(hash: Hash, rest: &str) -> Option<Self> {
        let end = rest.rfind('}').map_or(0, |brace| brace.saturating_add(1));
        let (salt, output) = rest.split_at_checked(end)?;
        let output = hex(output)?;
        let is_braced = salt.starts_with('{') || salt.is_empty();
        let is_whole = output.len() == hash.bytes();
        (is_braced && is_whole).then(|| Self {
            hash,
            input: Input::PasswordSalt,
            salt: salt.as_bytes().to_vec(),
            output,
        })
    }

    fn read_spring_standard(rest: &str) -> Option<Self> {
        let mut salt = hex(rest).filter(|it| it.len() >= SPRING_SALT_BYTES)?;
        let output = salt.split_off(SPRING_SALT_BYTES);
        let is_whole = output.len() == Hash::Sha256.bytes();
        is_whole.then_some(Self {
            hash: Hash::Sha256,
            input: Input::SaltPasswordIterated(SPRING_ITERATIONS),
            salt,
            output,
        })
    }

    fn read_joomla(hash: Hash, text: &str) -> Option<Self> {
        let (output, salt) = text.split_once(':')?;
        let is_salt = JOOMLA_SALT_CHARS.contains(&salt.len())
            && salt.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Some(Self {
            hash,
            input: Input::EitherOrder,
            salt: salt.as_bytes().to_vec(),
            output: hex(output).filter(|_| is_salt)?,
        })
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        let is_possible = match self.input {
            Input::Symfony(iterations) => (1..=MAX_ITERATIONS).contains(&iterations),
            Input::SaltPasswordIterated(iterations) => {
                (1..=MAX_ITERATIONS_OF_DIGESTS).contains(&iterations)
            }
            _ => true,
        };
        is_possible
            && self.output.len() == self.hash.bytes()
            && self.salt.len() <= *SALT_BYTES.end()
    }

    pub(super) fn time(&self) -> Duration {
        let iterations = match self.input {
            Input::Symfony(iterations) | Input::SaltPasswordIterated(iterations) => iterations,
            Input::PasswordSalt
            | Input::EitherOrder
            | Input::SaltDigest
            | Input::SaltPasswordOrHmac => 1,
        };
        times(TIME, iterations.into())
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let accepts = |output: Vec<u8>| bool::from(output.ct_eq(&self.output));
        let salt = &*self.salt;
        match self.input {
            Input::PasswordSalt => accepts(self.hash.iterate(&[password, salt], &[], 0)),
            Input::EitherOrder => {
                accepts(self.hash.iterate(&[password, salt], &[], 0))
                    || accepts(self.hash.iterate(&[salt, password], &[], 0))
            }
            Input::SaltDigest => {
                let inner = base16ct::lower::encode_string(&self.hash.iterate(&[password], &[], 0));
                accepts(self.hash.iterate(&[salt, b"-", inner.as_bytes()], &[], 0))
            }
            Input::SaltPasswordOrHmac => {
                accepts(self.hash.iterate(&[salt, password], &[], 0))
                    || self.hash.hmac(salt, password).is_some_and(accepts)
            }
            Input::SaltPasswordIterated(iterations) => {
                let more = iterations.saturating_sub(1);
                accepts(self.hash.iterate(&[salt, password], &[], more))
            }
            Input::Symfony(_) if password.len() > MAX_PASSWORD_BYTES => false,
            Input::Symfony(iterations) => {
                let more = iterations.saturating_sub(1);
                let merged = merged(password, salt);
                accepts(self.hash.iterate(&[&merged], &merged, more))
            }
        }
    }
}

/// The password and the salt as Symfony joins them.
fn merged(password: &[u8], salt: &[u8]) -> Vec<u8> {
    if salt.is_empty() {
        return password.to_vec();
    }
    [password, b"{", salt, b"}"].concat()
}
