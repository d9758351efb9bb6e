//! Keys derived from `secret_key`, and the digests and ciphertexts made with them.

use std::fmt;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::base::base64url::encode;
use crate::model::sealed::{NONCE_BYTES, Sealed};

/// The fewest bytes that a secret key may have: the strength of the HMAC-SHA-256 and the AEAD behind it.
const MIN_SECRET_BYTES: usize = 32;
/// The fewest distinct bytes in a secret key. 32 random bytes have about 30; a repeated word has only as many as it has
/// different letters.
const MIN_DISTINCT_BYTES: usize = 16;

/// The use of a derived key. No two uses share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Digests of link, reset and cancel tokens.
    Tokens,
    /// Digests of codes, bound to their challenge's serial.
    Codes,
    /// Names of client addresses in the store, and of the signatures of webhooks.
    Clients,
}

/// The keys derived (HKDF-SHA-256, RFC 5869) from the current secret and, during a rotation, from the one before.
///
/// Writing uses the current keys. Anything read names its key and may use either.
#[derive(Clone)]
pub struct Keyring {
    current: DerivedKeys,
    previous: Option<DerivedKeys>,
}

/// As long as a block of SHA-256, so that HMAC uses it unhashed (RFC 2104 §3).
type MacKey = [u8; 64];

/// The keys derived from one secret.
#[derive(Clone)]
pub struct DerivedKeys {
    id: String,
    tokens: MacKey,
    codes: MacKey,
    clients: MacKey,
    seals: [u8; 32],
    heads: [u8; 32],
}

/// The public half of a key that signs heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadKey {
    /// Its id, which heads name.
    pub id: String,
    /// The Ed25519 public key (RFC 8032 §5.1.5).
    pub public: [u8; 32],
}

/// Why a text cannot be a secret key. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be base64 of at least 32 random bytes")]
pub struct WeakSecret;

impl Keyring {
    /// The keys to write with, and during a rotation those of the secret before.
    #[must_use]
    pub fn new(current: DerivedKeys, previous: Option<DerivedKeys>) -> Self {
        Self { current, previous }
    }

    /// Authenticates `parts`, each with its length, under the current key for `key_use`.
    #[must_use]
    pub fn digest(&self, key_use: KeyUse, parts: &[&[u8]]) -> KeyedDigest {
        KeyedDigest {
            key: self.current.id.clone(),
            mac: encode(&self.current.mac(key_use, parts)),
        }
    }

    /// Whether `digest` was made from `parts`, compared in constant time; false for an unknown key.
    #[must_use]
    pub fn matches(&self, key_use: KeyUse, parts: &[&[u8]], digest: &KeyedDigest) -> bool {
        // A digest under an unknown key costs as much as one under a known key.
        let keys = self.find(&digest.key);
        let mac = encode(&keys.unwrap_or(&self.current).mac(key_use, parts));
        let equal: bool = mac.as_bytes().ct_eq(digest.mac.as_bytes()).into();
        equal & keys.is_some()
    }

    /// Encrypts `plaintext` under the current key, bound to `context`, the name of its record.
    ///
    /// `nonce` must be drawn afresh for each call; 192 random bits never collide in practice.
    #[must_use]
    pub fn seal(&self, nonce: [u8; NONCE_BYTES], context: &str, plaintext: &[u8]) -> Sealed {
        let payload = Payload {
            msg: plaintext,
            aad: context.as_bytes(),
        };
        let text = XChaCha20Poly1305::new(&self.current.seals.into())
            .encrypt(&nonce.into(), payload)
            // Fails only for texts beyond 256 GiB.
            .unwrap_or_default();
        Sealed::new(self.current.id.clone(), nonce, &text)
    }

    /// Opens what [`Keyring::seal`] made with the same `context`; `None` if it was altered, moved, or sealed with a
    /// key that is no longer known.
    #[must_use]
    pub fn open(&self, sealed: &Sealed, context: &str) -> Option<Vec<u8>> {
        let keys = self.find(sealed.key())?;
        let payload = sealed.ciphertext()?;
        XChaCha20Poly1305::new(&keys.seals.into())
            .decrypt(
                &sealed.nonce()?.into(),
                Payload {
                    msg: &payload,
                    aad: context.as_bytes(),
                },
            )
            .ok()
    }

    /// Signs the text of a head of the chain over all events (Ed25519, RFC 8032). Returns the id of the key, and the
    /// signature in base64url.
    #[must_use]
    pub fn sign_head(&self, text: &[u8]) -> (String, String) {
        let signature = SigningKey::from_bytes(&self.current.heads).sign(text);
        (self.current.id.clone(), encode(&signature.to_bytes()))
    }

    /// The public keys of [`Keyring::sign_head`]: the current one, and during a rotation the previous one.
    #[must_use]
    pub fn head_keys(&self) -> Vec<HeadKey> {
        let public = |keys: &DerivedKeys| HeadKey {
            id: keys.id.clone(),
            public: SigningKey::from_bytes(&keys.heads)
                .verifying_key()
                .to_bytes(),
        };
        self.all().map(public).collect()
    }

    fn all(&self) -> impl Iterator<Item = &DerivedKeys> {
        [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
    }

    fn find(&self, id: &str) -> Option<&DerivedKeys> {
        self.all().find(|keys| keys.id == id)
    }
}

impl DerivedKeys {
    /// Derives the keys from the base64 text of a secret of at least 32 bytes. It costs about 40 blocks of SHA-256.
    ///
    /// # Errors
    /// [`WeakSecret`] if it is not base64, too short or clearly not random.
    pub fn from_base64(text: &str) -> Result<Self, WeakSecret> {
        let text = text.trim();
        let secret = Base64::decode_vec(text)
            .or_else(|_| Base64UrlUnpadded::decode_vec(text.trim_end_matches('=')))
            .map_err(|_| WeakSecret)?;
        let distinct = (0..=u8::MAX).filter(|byte| secret.contains(byte)).count();
        if secret.len() < MIN_SECRET_BYTES || distinct < MIN_DISTINCT_BYTES {
            return Err(WeakSecret);
        }
        let hkdf = Hkdf::<Sha256>::new(Some(b"keyback"), &secret);
        Ok(Self {
            id: encode(&derive::<6>(&hkdf, "v1 key id")?),
            tokens: derive(&hkdf, "v1 token digests")?,
            codes: derive(&hkdf, "v1 code digests")?,
            clients: derive(&hkdf, "v1 client names")?,
            seals: derive(&hkdf, "v1 seals")?,
            heads: derive(&hkdf, "v1 event heads")?,
        })
    }

    /// The id of the keys, which digests and ciphertexts made with them carry. The same secret always has the same id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    fn mac(&self, key_use: KeyUse, parts: &[&[u8]]) -> [u8; 32] {
        let key = match key_use {
            KeyUse::Tokens => &self.tokens,
            KeyUse::Codes => &self.codes,
            KeyUse::Clients => &self.clients,
        };
        let mut mac = Hmac::<Sha256>::new(&(*key).into());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn derive<const BYTES: usize>(hkdf: &Hkdf<Sha256>, info: &str) -> Result<[u8; BYTES], WeakSecret> {
    let mut key = [0; BYTES];
    hkdf.expand(info.as_bytes(), &mut key)
        .map(|()| key)
        .map_err(|_| WeakSecret)
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring(current: {})", self.current.id)
    }
}

/// The stored form of a secret: an HMAC-SHA-256 and the id of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedDigest {
    key: String,
    mac: String,
}

impl KeyedDigest {
    /// The digest alone, to name something in the store.
    #[must_use]
    pub fn as_name(&self) -> &str {
        &self.mac
    }

    /// Its first 48 bits as an amount to count by, at least 1. Without the key, nobody can find two texts with the same
    /// amount.
    #[must_use]
    pub fn as_amount(&self) -> i64 {
        let mut bytes = [0; 8];
        let [_, _, low @ ..] = &mut bytes;
        // A digest is longer than this, and all of its characters are valid base64url.
        let digits = self.mac.get(..8).unwrap_or_default();
        let _ = Base64UrlUnpadded::decode(digits, low);
        i64::from_be_bytes(bytes).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(start: u8) -> String {
        Base64::encode_string(&(start..start + 32).collect::<Vec<u8>>())
    }

    fn keys(start: u8) -> DerivedKeys {
        DerivedKeys::from_base64(&secret(start)).unwrap()
    }

    #[test]
    fn short_and_guessable_secrets_are_refused() {
        for weak in [
            "",
            "not base64!",
            "c2VjcmV0",
            &Base64::encode_string(&[7; 64]),
            &Base64::encode_string(&[b"changeme".as_slice(); 8].concat()),
        ] {
            assert!(DerivedKeys::from_base64(weak).is_err(), "{weak}");
        }
    }

    #[test]
    fn what_the_previous_key_made_stays_valid_during_a_rotation_and_not_after_it() {
        let before = Keyring::new(keys(0), None);
        let during = Keyring::new(keys(1), Some(keys(0)));
        let after = Keyring::new(keys(1), None);
        let digest = before.digest(KeyUse::Codes, &[b"serial", b"123456"]);
        let sealed = before.seal([3; NONCE_BYTES], "here", b"text");

        assert!(during.matches(KeyUse::Codes, &[b"serial", b"123456"], &digest));
        assert!(!after.matches(KeyUse::Codes, &[b"serial", b"123456"], &digest));
        assert_eq!(
            during.open(&sealed, "here").as_deref(),
            Some(b"text".as_slice())
        );
        assert_eq!(after.open(&sealed, "here"), None);
        assert_ne!(
            during.digest(KeyUse::Codes, &[b"serial", b"123456"]),
            digest
        );
    }

    #[test]
    fn a_digest_is_bound_to_its_use_and_to_where_its_parts_end() {
        let keyring = Keyring::new(keys(0), None);
        let digest = keyring.digest(KeyUse::Codes, &[b"ab", b"c"]);
        assert!(keyring.matches(KeyUse::Codes, &[b"ab", b"c"], &digest));
        assert!(!keyring.matches(KeyUse::Codes, &[b"a", b"bc"], &digest));
        assert!(!keyring.matches(KeyUse::Tokens, &[b"ab", b"c"], &digest));
    }

    #[test]
    fn a_seal_moved_to_another_record_does_not_open() {
        let keyring = Keyring::new(keys(0), None);
        let sealed = keyring.seal([3; NONCE_BYTES], "here", b"text");
        assert_eq!(keyring.open(&sealed, "there"), None);
        assert!(!format!("{keyring:?}").contains(&secret(0)));
    }
}
