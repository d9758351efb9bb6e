//! Link, reset and cancel tokens.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::base::base64url::encode;
use crate::base::random::SecureRandom;
use crate::base::timestamp::Timestamp;
use crate::base::unavailable::Unavailable;
use crate::model::id::{AccountId, ChallengeSerial, InvalidId, is_well_formed};
use crate::model::keyring::{KeyUse, KeyedDigest, Keyring};
use crate::model::password::Password;

mod find;

const REFERENCE_BYTES: usize = 16;
/// 256 random bits; OWASP ASVS 11.5.1 asks for 128.
const SECRET_BYTES: usize = 32;

/// The public half of a token. It finds the token's record and proves nothing, so that look-ups need no key and a
/// rotation loses no token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct TokenReference(String);

/// It becomes part of a store key, so any other text in a tampered record is refused.
impl TryFrom<String> for TokenReference {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        if is_well_formed(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidId)
        }
    }
}

impl TokenReference {
    /// Draws a new reference.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub fn generate(random: &impl SecureRandom) -> Result<Self, Unavailable> {
        let mut bytes = [0; REFERENCE_BYTES];
        random.fill(&mut bytes)?;
        Ok(Self(encode(&bytes)))
    }

    /// The reference derived from a secret: 128 bits of its SHA-256. A secret of 256 random bits cannot be found from
    /// that (NIST SP 800-63B-4 §3.1.2.2 asks for 112 bits and a plain hash).
    fn of(secret: &[u8; SECRET_BYTES]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"keyback token reference");
        hash.update(secret);
        let digest = hash.finalize();
        let half = digest.get(..REFERENCE_BYTES).unwrap_or_default();
        Self(encode(half))
    }

    /// The text, usable in a store key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The purpose of a token. It is refused for any other (OWASP ASVS 9.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenPurpose {
    /// In the emailed link: sets a new password while the challenge lives.
    Link,
    /// In the emailed "this was not me" link: cancels the recovery.
    Cancel,
    /// Returned for a verified code, or by a sign-in that requires a change: sets a new password.
    Reset,
}

impl TokenPurpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Link => b"link",
            Self::Cancel => b"cancel",
            Self::Reset => b"reset",
        }
    }
}

/// A token in clear: 256 random bits, and a reference derived from them or fixed earlier. Never stored, never printed.
#[derive(Clone)]
pub struct Token {
    reference: TokenReference,
    secret: [u8; SECRET_BYTES],
}

impl Token {
    /// Draws a new token, of 43 characters.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub fn generate(random: &impl SecureRandom) -> Result<Self, Unavailable> {
        let mut secret = [0; SECRET_BYTES];
        random.fill(&mut secret)?;
        Ok(Self {
            reference: TokenReference::of(&secret),
            secret,
        })
    }

    /// Draws a new secret for a reference that was fixed earlier. The token has 64 characters and begins with the
    /// reference.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub fn generate_for(
        reference: TokenReference,
        random: &impl SecureRandom,
    ) -> Result<Self, Unavailable> {
        let mut secret = [0; SECRET_BYTES];
        random.fill(&mut secret)?;
        Ok(Self { reference, secret })
    }

    /// Finds the one token in `text`, which has passed through mail systems and people's hands: it may be a whole link,
    /// percent-encoded, wrapped or with surrounding text. `None` if there is none.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        find::in_text(text)
    }

    /// Parses 43 or 64 characters of base64url; `None` for anything else.
    fn parse(text: &str) -> Option<Self> {
        let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
        if let Ok(secret) = bytes.as_slice().try_into() {
            return Some(Self {
                reference: TokenReference::of(&secret),
                secret,
            });
        }
        let (reference, secret) = bytes.split_at_checked(REFERENCE_BYTES)?;
        Some(Self {
            reference: TokenReference(encode(reference)),
            secret: secret.try_into().ok()?,
        })
    }

    /// The half that finds the record.
    #[must_use]
    pub const fn reference(&self) -> &TokenReference {
        &self.reference
    }

    /// The token as it goes into a link or an answer, and nowhere else.
    #[must_use]
    pub fn reveal(&self) -> String {
        if self.reference == TokenReference::of(&self.secret) {
            return encode(&self.secret);
        }
        let reference = Base64UrlUnpadded::decode_vec(&self.reference.0).unwrap_or_default();
        encode(&[reference.as_slice(), &self.secret].concat())
    }

    /// The keyed digest to store. The token cannot be recovered from it.
    #[must_use]
    pub fn digest(&self, keyring: &Keyring, purpose: TokenPurpose) -> KeyedDigest {
        keyring.digest(KeyUse::Tokens, &self.parts(purpose))
    }

    /// A fingerprint of `password`, keyed by the token's 256 secret bits. Without the token it reveals nothing.
    #[must_use]
    pub fn fingerprint(&self, password: &Password) -> PasswordFingerprint {
        let mac = Hmac::<Sha256>::new_from_slice(&self.secret).map(|mut mac| {
            mac.update(password.reveal().as_bytes());
            encode(&mac.finalize().into_bytes())
        });
        PasswordFingerprint(mac.unwrap_or_default())
    }

    fn parts(&self, purpose: TokenPurpose) -> [&[u8]; 3] {
        [purpose.label(), self.reference.0.as_bytes(), &self.secret]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// A fingerprint of a password, made with [`Token::fingerprint`]. Compared in constant time.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordFingerprint(String);

impl PartialEq for PasswordFingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for PasswordFingerprint {}

/// A token, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Part of the digest too, so it cannot be changed in the store.
    pub purpose: TokenPurpose,
    /// The account whose password it sets, or whose recovery it cancels.
    pub account_id: AccountId,
    /// The credential epoch at issue. The token is invalid under any other.
    pub epoch: u64,
    /// The challenge it belongs to; `None` for a token from a sign-in.
    pub serial: Option<ChallengeSerial>,
    /// Keyed digest of purpose, reference and secret.
    pub digest: KeyedDigest,
    /// The token is refused from this time on.
    pub expires_at: Timestamp,
    /// Fingerprint of the password that it replaces, which must not be set again (OWASP ASVS 6.4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<PasswordFingerprint>,
    /// Whether it has cancelled its recovery. Cancelling again does nothing more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

impl TokenRecord {
    /// Whether `token` is this token, has one of `purposes`, is not expired and is of the current epoch. Takes the same
    /// time for every refusal.
    #[must_use]
    pub fn accepts(
        &self,
        token: &Token,
        purposes: &[TokenPurpose],
        keyring: &Keyring,
        epoch: u64,
        now: Timestamp,
    ) -> bool {
        let parts = token.parts(self.purpose);
        let conditions = [
            keyring.matches(KeyUse::Tokens, &parts, &self.digest),
            purposes.contains(&self.purpose),
            self.epoch == epoch,
            now < self.expires_at,
        ];
        conditions.into_iter().all(|holds| holds)
    }
}
