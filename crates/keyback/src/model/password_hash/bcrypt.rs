//! bcrypt of the password itself, of the password with a pepper, or of a digest of it, encoded or raw.

use std::time::Duration;

use base16ct::lower::encode_string;
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;

use super::slowness::times;
use super::text::{base64, bcrypt64, decimal, php_trim};

/// bcrypt ignores input beyond this.
const INPUT_BYTES: usize = 72;
/// The base-2 logarithm of the rounds: from the algorithm's minimum to about 1 s.
const COSTS: std::ops::RangeInclusive<u32> = 4..=14;
/// The maximum where both readings of a hash are tried, which takes twice as long.
const MAX_COST_OF_TWO: u32 = 13;
/// For one round. There are two to the power of the cost.
const TIME: Duration = Duration::from_micros(70);
const SALT_CHARS: usize = 22;
/// The HMAC key of `WordPress` 6.8 and later.
const WORDPRESS_KEY: &[u8] = b"wp-sha384";
/// How many bytes a pepper may have. bcrypt ignores what does not fit into its own input.
const PEPPER_BYTES: std::ops::RangeInclusive<usize> = 1..=256;

/// The input of bcrypt, derived from the password.
#[derive(Clone, PartialEq, Eq)]
enum Input {
    /// The password itself, of which bcrypt uses 72 bytes.
    Password,
    /// The password and, right after it, the application's pepper (Devise).
    Peppered(Vec<u8>),
    /// HMAC-SHA-384 of the trimmed password, in base64 (`WordPress`).
    WordPress,
    /// Its SHA-256 in hex (Django).
    Sha256Hex,
    /// Its SHA-256 in base64 (passlib before 1.7.3).
    Sha256Base64,
    /// HMAC-SHA-256 under the salt's text, in base64 (passlib).
    HmacSha256Base64,
    /// HMAC-SHA-512 under the salt's text, in base64 (Perl's `Crypt::Bcrypt`).
    HmacSha512Base64,
    /// Its SHA-512, in base64 or raw: the hash does not say which, so both are tried.
    Sha512,
}

pub(super) struct BcryptHash {
    input: Input,
    cost: u32,
    salt_text: String,
    salt: [u8; 16],
    output: [u8; 23],
}

impl BcryptHash {
    /// `$2b$12$` with salt and result in one (everybody); with `bcrypt$` or `bcrypt_sha256$` before it (Django), `$wp`
    /// (`WordPress`), `$bcrypt-sha512$`, or `$bcrypt-pepper$` and a pepper in base64;
    /// `$bcrypt-sha256$v=2,t=2b,r=12$salt$result` or `$bcrypt-sha256$2b,12$salt$result` (passlib);
    /// `$bcrypt-sha512$v=2,t=2b,r=12$salt$result` (Perl).
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let (input, version, cost, salt, output) = match parts {
            ["", version, cost, body] | ["bcrypt", "", version, cost, body] => {
                whole(Input::Password, version, cost, body)?
            }
            ["", "wp", version, cost, body] => whole(Input::WordPress, version, cost, body)?,
            ["", "bcrypt-pepper", pepper, version, cost, body] => {
                let pepper = base64(pepper).filter(|it| PEPPER_BYTES.contains(&it.len()))?;
                whole(Input::Peppered(pepper), version, cost, body)?
            }
            ["bcrypt_sha256", "", version, cost, body] => {
                whole(Input::Sha256Hex, version, cost, body)?
            }
            ["", "bcrypt-sha512", "", version, cost, body] => {
                whole(Input::Sha512, version, cost, body)?
            }
            [
                "",
                scheme @ ("bcrypt-sha256" | "bcrypt-sha512"),
                terms,
                salt,
                output,
            ] => {
                let (input, version, cost) = terms_of(scheme, terms)?;
                (input, version, cost, *salt, *output)
            }
            _ => return None,
        };
        let is_known = matches!(version, "2a" | "2b" | "2y");
        let is_whole = matches!(
            input,
            Input::Password | Input::Peppered(_) | Input::WordPress
        );
        let is_two_digits = cost.len() == 2 || !is_whole;
        (is_known && is_two_digits).then_some(())?;
        Some(Self {
            input,
            cost: decimal(cost).filter(|cost| (4..=31).contains(cost))?,
            salt_text: salt.to_owned(),
            salt: bcrypt64(salt)?,
            output: bcrypt64(output)?,
        })
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        let most = if self.input == Input::Sha512 {
            MAX_COST_OF_TWO
        } else {
            *COSTS.end()
        };
        (*COSTS.start()..=most).contains(&self.cost)
    }

    pub(super) fn time(&self) -> Duration {
        let rounds = 1_u64.checked_shl(self.cost).unwrap_or(u64::MAX);
        let hashings = if self.input == Input::Sha512 { 2 } else { 1 };
        times(TIME, rounds.saturating_mul(hashings))
    }

    /// Whether part of `password`, or the zero byte after it, is cut off.
    pub(super) fn truncates(&self, password: &[u8]) -> bool {
        match &self.input {
            Input::Password => password.len() >= INPUT_BYTES,
            Input::Peppered(pepper) => password.len().saturating_add(pepper.len()) >= INPUT_BYTES,
            Input::WordPress => php_trim(password) != password,
            _ => false,
        }
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let sha256 = || Sha256::digest(password);
        match &self.input {
            Input::Password => self.admits_input(password),
            Input::Peppered(pepper) => self.admits_input(&[password, pepper].concat()),
            Input::WordPress => Hmac::<Sha384>::new_from_slice(WORDPRESS_KEY).is_ok_and(|hmac| {
                let hmac = hmac.chain_update(php_trim(password));
                self.admits_base64(&hmac.finalize().into_bytes())
            }),
            Input::Sha256Hex => self.admits_input(encode_string(&sha256()).as_bytes()),
            Input::Sha256Base64 => self.admits_base64(&sha256()),
            Input::HmacSha256Base64 => Hmac::<Sha256>::new_from_slice(self.salt_text.as_bytes())
                .is_ok_and(|hmac| {
                    self.admits_base64(&hmac.chain_update(password).finalize().into_bytes())
                }),
            Input::HmacSha512Base64 => Hmac::<Sha512>::new_from_slice(self.salt_text.as_bytes())
                .is_ok_and(|hmac| {
                    self.admits_base64(&hmac.chain_update(password).finalize().into_bytes())
                }),
            Input::Sha512 => {
                let digest = Sha512::digest(password);
                self.admits_base64(&digest) || self.admits_input(&digest)
            }
        }
    }

    fn admits_base64(&self, digest: &[u8]) -> bool {
        self.admits_input(Base64::encode_string(digest).as_bytes())
    }

    /// bcrypt's input ends with a zero byte, unless it is cut off before that.
    fn admits_input(&self, input: &[u8]) -> bool {
        let input: Vec<u8> = input.iter().copied().chain([0]).take(INPUT_BYTES).collect();
        let output = bcrypt::bcrypt(self.cost, self.salt, &input);
        // The first implementation forgot the last byte of bcrypt's result, and all others do the same.
        output
            .get(..self.output.len())
            .is_some_and(|output| output.ct_eq(&self.output).into())
    }
}

type Parts<'a> = (Input, &'a str, &'a str, &'a str, &'a str);

/// Parses the form with salt and result in one part.
fn whole<'a>(input: Input, version: &'a str, cost: &'a str, body: &'a str) -> Option<Parts<'a>> {
    let (salt, output) = body.split_at_checked(SALT_CHARS)?;
    Some((input, version, cost, salt, output))
}

/// Parses the parameters of the form with separate salt and result: input, version and cost.
fn terms_of<'a>(scheme: &str, terms: &'a str) -> Option<(Input, &'a str, &'a str)> {
    if let Some(terms) = terms.strip_prefix("v=2,t=") {
        let (version, rounds) = terms.split_once(",r=")?;
        let input = match scheme {
            "bcrypt-sha256" => Input::HmacSha256Base64,
            _ => Input::HmacSha512Base64,
        };
        Some((input, version, rounds))
    } else if scheme == "bcrypt-sha256" {
        let (version, rounds) = terms.split_once(',')?;
        Some((Input::Sha256Base64, version, rounds))
    } else {
        None
    }
}
