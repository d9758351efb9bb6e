//! An identity provider of the test's own: it signs JSON Web Tokens, good ones and bad ones.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey, sha2::Digest as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{random_bytes, unix_now};

/// The RSA key of RFC 7515, A.2: known to all the world, and so for tests only. Making one would take seconds.
const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const RSA_PRIMES: [&str; 2] = [
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
];

/// What a token is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// The provider, with a key for each algorithm. All providers share the RSA key; their other keys differ.
pub(crate) struct Issuer {
    rsa: RsaPrivateKey,
    ec: p256::ecdsa::SigningKey,
    ed: ed25519_dalek::SigningKey,
}

impl Issuer {
    /// The tokens' `aud`.
    pub(crate) const AUDIENCE: &str = "https://id.example.test/v1/admin";

    pub(crate) fn new() -> Self {
        let number = |text| BigUint::from_bytes_be(&decode(text));
        let exponent = BigUint::from(65_537_u32);
        let primes = RSA_PRIMES.map(number).to_vec();
        let rsa = RsaPrivateKey::from_components(number(RSA_N), exponent, number(RSA_D), primes);
        let seed: [u8; 32] = random_bytes(32).try_into().expect("it is as long");
        Self {
            rsa: rsa.expect("the standard's key is one"),
            // One in 2^32 of such numbers is too large.
            ec: p256::ecdsa::SigningKey::from_slice(&random_bytes(32)).expect("it is in range"),
            ed: ed25519_dalek::SigningKey::from_bytes(&seed),
        }
    }

    /// The public key as a JWK, whose `kid` is the algorithm's name in lower case and the year.
    pub(crate) fn jwk(&self, algorithm: Algorithm) -> Value {
        let kid = kid(algorithm);
        match algorithm {
            Algorithm::Rs256 => {
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": RSA_N, "e": "AQAB" })
            }
            Algorithm::Es256 => {
                let point = self.public_bytes(algorithm);
                let coordinate = |from: usize| encode(&point[from..from + 32]);
                json!({
                    "kty": "EC", "kid": kid, "crv": "P-256", "x": coordinate(1), "y": coordinate(33),
                })
            }
            Algorithm::EdDsa => {
                let x = encode(&self.public_bytes(algorithm));
                json!({ "kty": "OKP", "kid": kid, "crv": "Ed25519", "x": x })
            }
        }
    }

    /// The bare public key: an RSA key's modulus, an uncompressed point, or Ed25519's 32 bytes.
    pub(crate) fn public_bytes(&self, algorithm: Algorithm) -> Vec<u8> {
        match algorithm {
            Algorithm::Rs256 => decode(RSA_N),
            Algorithm::Es256 => {
                let point = self.ec.verifying_key().to_sec1_point(false);
                point.as_bytes().to_vec()
            }
            Algorithm::EdDsa => self.ed.verifying_key().to_bytes().to_vec(),
        }
    }

    /// The value of the variable `jwt_jwks`: all keys, and one for encryption that a provider may have there too.
    pub(crate) fn jwks(&self) -> String {
        let mut encryption = self.jwk(Algorithm::Rs256);
        encryption["use"] = json!("enc");
        encryption["kid"] = json!("enc-2026");
        let [rsa, ec, ed] = Algorithm::ALL.map(|algorithm| self.jwk(algorithm));
        json!({ "keys": [encryption, rsa, ec, ed] }).to_string()
    }

    /// The header of a good token.
    pub(crate) fn header(algorithm: Algorithm) -> Value {
        json!({ "alg": algorithm.name(), "typ": "JWT", "kid": kid(algorithm) })
    }

    /// The claims of a good token that lives for five minutes.
    pub(crate) fn claims(scope: &str) -> Value {
        let now = unix_now();
        json!({
            "iss": "https://login.example.test",
            "sub": "admin-7",
            "aud": Self::AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "scope": scope,
        })
    }

    /// A good token for these scopes.
    pub(crate) fn token(&self, algorithm: Algorithm, scope: &str) -> String {
        self.sign(algorithm, &Self::header(algorithm), &Self::claims(scope))
    }

    /// A token with any header and claims, signed with this algorithm's key.
    pub(crate) fn sign(&self, algorithm: Algorithm, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = encode(&self.signature(algorithm, message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn signature(&self, algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
        match algorithm {
            Algorithm::Rs256 => {
                let digest = rsa::sha2::Sha256::digest(message);
                let scheme = Pkcs1v15Sign::new::<rsa::sha2::Sha256>();
                let signature = self.rsa.sign(scheme, &digest);
                signature.expect("a digest can be signed")
            }
            Algorithm::Es256 => {
                let signature: p256::ecdsa::Signature = self.ec.sign(message);
                signature.to_bytes().to_vec()
            }
            Algorithm::EdDsa => self.ed.sign(message).to_bytes().to_vec(),
        }
    }
}

/// A token whose "signature" is an HMAC under this secret, as an attacker who knows only public keys would make it.
pub(crate) fn hmac(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = message(header, claims);
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("an HMAC takes any secret");
    let mac = mac.chain_update(message.as_bytes()).finalize();
    format!("{message}.{}", encode(&mac.into_bytes()))
}

/// Base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("it is base64url")
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encode(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

fn kid(algorithm: Algorithm) -> String {
    format!("{}-2026", algorithm.name().to_lowercase())
}
