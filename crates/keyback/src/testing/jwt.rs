//! An issuer of JSON Web Tokens. Its keys are those of the examples in RFC 7515 (A.2, A.3) and RFC 8037 (A.1): publicly
//! known, so for tests only.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::Signer as _;
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::base::timestamp::Timestamp;

const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const RSA_PRIMES: [&str; 2] = [
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
];
const EC_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
const ED_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

/// An algorithm that the issuer signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestKey {
    /// RSASSA-PKCS1-v1_5 with SHA-256, key id `rsa`.
    Rs256,
    /// ECDSA on P-256 with SHA-256, key id `ec`.
    Es256,
    /// Ed25519, key id `ed`.
    EdDsa,
}

impl TestKey {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];
    /// The default `aud` of the tokens.
    pub const AUDIENCE: &str = "keyback";

    /// The public key as a JWK.
    #[must_use]
    pub fn jwk(self) -> Value {
        match self {
            Self::Rs256 => json!({"kty": "RSA", "kid": "rsa", "n": RSA_N, "e": "AQAB"}),
            Self::Es256 => json!({
                "kty": "EC", "kid": "ec", "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }),
            Self::EdDsa => json!({
                "kty": "OKP", "kid": "ed", "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            }),
        }
    }

    /// All public keys as a set.
    #[must_use]
    pub fn jwks() -> Value {
        json!({"keys": Self::ALL.map(Self::jwk)})
    }

    /// A header for a token of this key.
    #[must_use]
    pub fn header(self) -> Value {
        let (algorithm, key_id) = match self {
            Self::Rs256 => ("RS256", "rsa"),
            Self::Es256 => ("ES256", "ec"),
            Self::EdDsa => ("EdDSA", "ed"),
        };
        json!({"alg": algorithm, "typ": "JWT", "kid": key_id})
    }

    /// Claims for `scope` that are valid for five minutes from `now` on.
    #[must_use]
    pub fn claims(scope: &str, now: Timestamp) -> Value {
        let now = now.unix_seconds();
        json!({
            "iss": "https://idp.example.test",
            "sub": "portal-admin",
            "aud": Self::AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "scope": scope,
        })
    }

    /// A token with this key's own header.
    #[must_use]
    pub fn token(self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }

    /// A token with any header and any claims.
    #[must_use]
    pub fn sign(self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token made of any texts.
    #[must_use]
    pub fn sign_text(self, header: &str, claims: &str) -> String {
        let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", Base64UrlUnpadded::encode_string(&signature))
    }

    fn signature(self, message: &[u8]) -> Vec<u8> {
        let secret = |text| Base64UrlUnpadded::decode_vec(text).unwrap();
        match self {
            Self::Rs256 => {
                let number = |text| BigUint::from_bytes_be(&secret(text));
                let key = RsaPrivateKey::from_components(
                    number(RSA_N),
                    BigUint::from(65_537_u32),
                    number(RSA_D),
                    RSA_PRIMES.map(number).to_vec(),
                );
                let digest_info = [
                    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                    0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
                ];
                let scheme = Pkcs1v15Sign {
                    hash_len: Some(32),
                    prefix: Box::new(digest_info),
                };
                key.unwrap().sign(scheme, &Sha256::digest(message)).unwrap()
            }
            Self::Es256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&secret(EC_D)).unwrap();
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Self::EdDsa => {
                let secret: [u8; 32] = secret(ED_D).try_into().unwrap();
                let key = ed25519_dalek::SigningKey::from_bytes(&secret);
                key.sign(message).to_bytes().to_vec()
            }
        }
    }
}
