//! MD5-crypt (`$1$`) and Apache's form of it (`$apr1$`), as old directories, content systems and `.htpasswd` files have it.

use std::time::Duration;

use base64ct::{Base64ShaCrypt, Encoding as _};
use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;

use super::MAX_PASSWORD_BYTES;
use super::slowness::times;

const ALPHABET: &str = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ROUNDS: u32 = 1_000;
const SALT_CHARS: usize = 8;
const OUTPUT_CHARS: usize = 22;
/// The order in which the bytes of the digest are written.
const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
/// For one round.
const TIME: Duration = Duration::from_micros(3);

pub(super) struct Md5CryptHash {
    /// `$1$` or `$apr1$`.
    magic: String,
    salt: String,
    output: String,
}

impl Md5CryptHash {
    /// `$1$salt$hash` or `$apr1$salt$hash`, with a salt of up to eight characters.
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let ["", scheme @ ("1" | "apr1"), salt, output] = parts else {
            return None;
        };
        let is_text = |text: &str| text.chars().all(|char| ALPHABET.contains(char));
        let fits = salt.len() <= SALT_CHARS && output.len() == OUTPUT_CHARS;
        (fits && is_text(salt) && is_text(output)).then(|| Self {
            magic: format!("${scheme}$"),
            salt: (*salt).to_owned(),
            output: (*output).to_owned(),
        })
    }

    #[expect(clippy::unused_self, reason = "as all schemes")]
    pub(super) const fn is_within_bounds(&self) -> bool {
        true
    }

    #[expect(clippy::unused_self, reason = "as all schemes")]
    pub(super) fn time(&self) -> Duration {
        times(TIME, ROUNDS.into())
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        if password.len() > MAX_PASSWORD_BYTES {
            return false;
        }
        let digest = self.of(password);
        let ordered: Vec<u8> = ORDER
            .iter()
            .filter_map(|at| digest.get(*at).copied())
            .collect();
        let output = Base64ShaCrypt::encode_string(&ordered);
        output.as_bytes().ct_eq(self.output.as_bytes()).into()
    }

    /// Poul-Henning Kamp's algorithm, as FreeBSD's `crypt` has it.
    fn of(&self, password: &[u8]) -> Vec<u8> {
        let salt = self.salt.as_bytes();
        let inner = digest(&[password, salt, password]);
        let repeated = inner.iter().cycle().take(password.len());
        let mut text = [password, self.magic.as_bytes(), salt].concat();
        text.extend(repeated);
        let mut bits = password.len();
        while bits > 0 {
            let first = password.first().copied().unwrap_or_default();
            text.push(if bits % 2 == 1 { 0 } else { first });
            bits /= 2;
        }
        let mut last = digest(&[&text]);
        for round in 0..ROUNDS {
            let is_odd = round % 2 == 1;
            let (front, back) = if is_odd {
                (password, &*last)
            } else {
                (&*last, password)
            };
            let salt = if round % 3 == 0 { &[][..] } else { salt };
            let again = if round % 7 == 0 { &[][..] } else { password };
            last = digest(&[front, salt, again, back]);
        }
        last
    }
}

fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let digest = parts.iter().fold(Md5::new(), Md5::chain_update);
    digest.finalize().to_vec()
}
