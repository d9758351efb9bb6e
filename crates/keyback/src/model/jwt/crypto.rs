//! The three supported algorithms. `jsonwebtoken` gets verifiers only, and no signer.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error as SignatureError, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use p256::ecdsa::signature::Verifier as _;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest as _, Sha256};

/// The prefix of a SHA-256 digest in a PKCS #1 v1.5 signature (RFC 8017 §9.2, note 1).
const SHA256_PREFIX: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
/// The most bits of an RSA modulus: more would cost time and add nothing.
const MAX_RSA_BITS: usize = 4096;
/// NIST SP 800-131A: 2048 bits at least.
const MIN_RSA_BITS: usize = 2048;
/// FIPS 186-5 §5.1: an exponent of more than 16 bits.
const MIN_RSA_EXPONENT_BITS: usize = 17;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` use the algorithms here. Calling it again changes nothing.
pub(super) fn install() {
    // It fails only if it has been called before.
    let _ = PROVIDER.install_default();
}

/// A verifier for signatures by `key`, if the key is valid for exactly this algorithm.
pub(super) fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let verifier: Option<Box<dyn JwtVerifier>> = match (algorithm, key.family(), key.kind()) {
        (Algorithm::RS256, AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            Rs256::new(n, e).map(|it| Box::new(it) as _)
        }
        (Algorithm::ES256, AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => {
            p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
                .ok()
                .map(|key| Box::new(Es256(key)) as _)
        }
        (Algorithm::EdDSA, AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(point)) => {
            Ed25519::new(point).map(|it| Box::new(it) as _)
        }
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    };
    verifier.ok_or_else(|| ErrorKind::InvalidKeyFormat.into())
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
struct Rs256(RsaPublicKey);

impl Rs256 {
    fn new(n: &[u8], e: &[u8]) -> Option<Self> {
        let (n, e) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
        let is_strong = n.bits() >= MIN_RSA_BITS && e.bits() >= MIN_RSA_EXPONENT_BITS;
        RsaPublicKey::new_with_max_size(n, e, MAX_RSA_BITS)
            .ok()
            .filter(|_| is_strong)
            .map(Self)
    }
}

impl Verifier<Vec<u8>> for Rs256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), SignatureError> {
        let scheme = Pkcs1v15Sign {
            hash_len: Some(32),
            prefix: Box::new(SHA256_PREFIX),
        };
        self.0
            .verify(scheme, &Sha256::digest(message), signature)
            .map_err(|_| SignatureError::new())
    }
}

/// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
struct Es256(p256::ecdsa::VerifyingKey);

impl Verifier<Vec<u8>> for Es256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), SignatureError> {
        p256::ecdsa::Signature::from_slice(signature)
            .and_then(|signature| self.0.verify(message, &signature))
            .map_err(|_| SignatureError::new())
    }
}

/// Ed25519 (RFC 8037 §3.1).
struct Ed25519(ed25519_dalek::VerifyingKey);

impl Ed25519 {
    fn new(point: &[u8]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(point.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }
}

impl Verifier<Vec<u8>> for Ed25519 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), SignatureError> {
        ed25519_dalek::Signature::from_slice(signature)
            .and_then(|signature| self.0.verify_strict(message, &signature))
            .map_err(|_| SignatureError::new())
    }
}

macro_rules! algorithms {
    ($($verifier:ident = $algorithm:ident),+) => {
        $(impl JwtVerifier for $verifier {
            fn algorithm(&self) -> Algorithm {
                Algorithm::$algorithm
            }
        })+
    };
}
algorithms!(Rs256 = RS256, Es256 = ES256, Ed25519 = EdDSA);
