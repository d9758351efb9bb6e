//! Firebase Authentication's scrypt: the key that scrypt derives encrypts the project's signer key, and the ciphertext is
//! the hash (<https://github.com/firebase/scrypt>).

use std::time::Duration;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use subtle::ConstantTimeEq as _;

use super::scrypt::Cost;
use super::text::padded_base64;
use super::{OUTPUT_BYTES, SALT_BYTES};

const KEY_BYTES: usize = 32;
/// The counter begins at zero, since a key encrypts nothing but the signer key.
const NONCE: [u8; 16] = [0; 16];
const MAX_SEPARATOR_BYTES: usize = 16;

pub(super) struct FirebaseHash {
    cost: Cost,
    salt: Vec<u8>,
    separator: Vec<u8>,
    signer_key: Vec<u8>,
    output: Vec<u8>,
}

impl FirebaseHash {
    /// `$firescrypt$ln=14,r=8,p=1$salt$hash$separator$key`, as Ory Kratos writes it, or
    /// `$fbscrypt$v=1,n=14,r=8,p=1,ss=separator,sk=key$salt$hash`, as Supabase does.
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let (cost, salt, output, separator, signer_key) = match parts {
            ["", "firescrypt", cost, salt, output, separator, signer_key] => {
                (Cost::read(cost)?, *salt, *output, *separator, *signer_key)
            }
            ["", "fbscrypt", terms, salt, output] => {
                let (cost, secrets) = terms.strip_prefix("v=1,n=")?.split_once(",ss=")?;
                let (separator, signer_key) = secrets.split_once(",sk=")?;
                let cost = Cost::read(&format!("ln={cost}"))?;
                (cost, *salt, *output, separator, signer_key)
            }
            _ => return None,
        };
        Some(Self {
            cost,
            salt: either_base64(salt)?,
            separator: either_base64(separator)?,
            signer_key: either_base64(signer_key)?,
            output: either_base64(output)?,
        })
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        self.cost.is_within_bounds()
            && SALT_BYTES.contains(&self.salt.len())
            && self.separator.len() <= MAX_SEPARATOR_BYTES
            && OUTPUT_BYTES.contains(&self.output.len())
            && self.signer_key.len() == self.output.len()
    }

    pub(super) fn memory(&self) -> u64 {
        self.cost.memory()
    }

    pub(super) fn time(&self) -> Duration {
        self.cost.time()
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let salt = [&*self.salt, &self.separator].concat();
        let mut key = [0; KEY_BYTES];
        let is_derived = self.cost.derive(password, &salt, &mut key);
        let mut output = self.signer_key.clone();
        Ctr128BE::<Aes256>::new(&key.into(), &NONCE.into()).apply_keystream(&mut output);
        is_derived && output.ct_eq(&self.output).into()
    }
}

/// Base64 with padding. Firebase's tools write the usual alphabet, its Admin SDK that of URLs.
fn either_base64(text: &str) -> Option<Vec<u8>> {
    padded_base64(&text.replace('-', "+").replace('_', "/"))
}
