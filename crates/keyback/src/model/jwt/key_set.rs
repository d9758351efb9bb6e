//! JSON Web Key Sets (RFC 7517 §5).

use base64ct::{Base64UrlUnpadded, Encoding as _};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use super::crypto;

/// The most bytes of a set's text.
const MAX_BYTES: usize = 32 * 1024;
/// The members that only private and symmetric keys have (RFC 7518 §6, RFC 8037 §2).
const SECRET_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// An issuer's public keys: at least one, each for one algorithm.
#[derive(Debug, Clone)]
pub struct KeySet(Vec<TrustedKey>);

/// A public key and the only algorithm that it verifies.
#[derive(Debug, Clone)]
pub(super) struct TrustedKey {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
    /// `keyback_scopes`: the scopes of its tokens, which name none themselves. Only the GraphQL endpoint accepts them.
    pub(super) scopes: Option<Vec<String>>,
}

/// Why a key is not trusted, to follow "key 2 …". Does not repeat any of the key.
type BadKey = &'static str;

const MALFORMED: BadKey = "is malformed, or of a kind that is not accepted";
const SECRET: BadKey = "is private or symmetric: give the public key only";
const BAD_MARK: BadKey = "needs a kid and a list of scopes in keyback_scopes";

impl KeySet {
    /// Parses a set. Public keys for other uses and algorithms are skipped.
    ///
    /// # Errors
    /// The reason: a key is secret or malformed, no usable key is left, or it is unclear which key a `kid` means.
    pub fn parse(text: &str) -> Result<Self, String> {
        const NO_SET: &str = "must be empty, or a JSON Web Key Set: an object with a list of keys";
        if text.len() > MAX_BYTES {
            return Err("must be at most 32 KiB".to_owned());
        }
        // Parsed as bytes: parsing a string would add a second JSON parser to the component.
        let set: Option<Value> = serde_json::from_slice(text.as_bytes()).ok();
        let entries = set.as_ref().and_then(|set| set.get("keys")?.as_array());
        let mut keys: Vec<TrustedKey> = Vec::new();
        for (number, entry) in (1_u32..).zip(entries.ok_or(NO_SET)?) {
            let key = entry.as_object().ok_or(MALFORMED).and_then(read);
            let key = key.map_err(|why| format!("key {number} {why}"))?;
            if key
                .as_ref()
                .is_some_and(|key| keys.iter().any(|it| it.id == key.id))
            {
                return Err(format!("key {number} needs a kid of its own"));
            }
            keys.extend(key);
        }
        if keys.is_empty() {
            return Err("has no key that verifies signatures by RS256, ES256 or EdDSA".to_owned());
        }
        let is_clear = keys.len() == 1 || keys.iter().all(|key| key.id.is_some());
        if !is_clear {
            return Err("needs a kid in each of its keys".to_owned());
        }
        Ok(Self(keys))
    }

    /// The words of all `keyback_scopes`.
    pub fn marked_scopes(&self) -> impl Iterator<Item = &str> {
        let marks = self.0.iter().filter_map(|key| key.scopes.as_ref());
        marks.flatten().map(String::as_str)
    }

    /// The key with this id. A token may leave the id out if there is only one key.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&TrustedKey> {
        match (id, self.0.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
        }
    }
}

/// The key that `jwk` describes; `None` for a public key with another use.
fn read(jwk: &Map<String, Value>) -> Result<Option<TrustedKey>, BadKey> {
    if SECRET_MEMBERS
        .iter()
        .any(|member| jwk.contains_key(*member))
    {
        return Err(SECRET);
    }
    let kty = text(jwk, "kty")?.ok_or(MALFORMED)?;
    if kty == "oct" {
        return Err(SECRET);
    }
    let crv = text(jwk, "crv")?;
    let bytes = |member| bytes(jwk, member);
    let (algorithm, key) = match (kty, crv) {
        ("RSA", None) => {
            let key = DecodingKey::from_rsa_raw_components(&bytes("n")?, &bytes("e")?);
            (Algorithm::RS256, key)
        }
        ("EC", Some("P-256")) => {
            // An uncompressed point (SEC 1 §2.3.3).
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            (Algorithm::ES256, DecodingKey::from_ec_der(&point))
        }
        ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, DecodingKey::from_ed_der(&bytes("x")?)),
        _ => return Ok(None),
    };
    let is_for_this = match (algorithm, text(jwk, "alg")?) {
        (_, None)
        | (Algorithm::RS256, Some("RS256"))
        | (Algorithm::ES256, Some("ES256"))
        | (Algorithm::EdDSA, Some("EdDSA" | "Ed25519")) => true,
        // Another algorithm for the same type of key, such as RSA-OAEP.
        (_, Some(other)) if !matches!(other, "RS256" | "ES256" | "EdDSA" | "Ed25519") => false,
        _ => return Err(MALFORMED),
    };
    let is_for_signatures = text(jwk, "use")?.is_none_or(|it| it == "sig");
    let is_for_checking = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|it| it == "verify"),
        Some(_) => return Err(MALFORMED),
    };
    if !(is_for_this && is_for_signatures && is_for_checking) {
        return Ok(None);
    }
    crypto::verifier(algorithm, &key).map_err(|_| MALFORMED)?;
    let id = text(jwk, "kid")?.map(str::to_owned);
    let scopes = jwk.get("keyback_scopes").map(words).transpose()?;
    if scopes.is_some() && id.is_none() {
        return Err(BAD_MARK);
    }
    Ok(Some(TrustedKey {
        id,
        algorithm,
        key,
        scopes,
    }))
}

/// The scopes in a mark: at least one. Whether they exist is not checked here.
fn words(mark: &Value) -> Result<Vec<String>, BadKey> {
    let words = mark.as_array().filter(|words| !words.is_empty());
    let words = words.ok_or(BAD_MARK)?.iter();
    let is_word = |text: &&str| !text.is_empty() && !text.contains(' ');
    words
        .map(|word| {
            let word = word.as_str().filter(is_word);
            word.map(str::to_owned).ok_or(BAD_MARK)
        })
        .collect()
}

fn text<'a>(jwk: &'a Map<String, Value>, member: &str) -> Result<Option<&'a str>, BadKey> {
    jwk.get(member)
        .map(|value| value.as_str().ok_or(MALFORMED))
        .transpose()
}

fn bytes(jwk: &Map<String, Value>, member: &str) -> Result<Vec<u8>, BadKey> {
    let text = text(jwk, member)?.ok_or(MALFORMED)?;
    Base64UrlUnpadded::decode_vec(text).map_err(|_| MALFORMED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::TestKey;

    /// Whether a set of one key with these changes is accepted.
    fn is_good(key: TestKey, changes: &[(&str, Value)]) -> bool {
        let mut jwk = key.jwk();
        for (member, value) in changes {
            jwk[member] = value.clone();
        }
        KeySet::parse(&json!({"keys": [jwk]}).to_string()).is_ok()
    }

    fn count(keys: &Value) -> Option<usize> {
        let set = KeySet::parse(&json!({ "keys": keys }).to_string());
        set.ok().map(|set| set.0.len())
    }

    #[test]
    fn public_keys_are_taken_with_what_may_stand_beside_them() {
        for key in TestKey::ALL {
            assert!(is_good(key, &[]));
            assert!(is_good(
                key,
                &[("use", json!("sig")), ("key_ops", json!(["verify"]))]
            ));
            assert!(is_good(
                key,
                &[("alg", key.header()["alg"].clone()), ("x5t", json!("x"))]
            ));
        }
        assert!(is_good(TestKey::EdDsa, &[("alg", json!("Ed25519"))]));
    }

    #[test]
    fn a_set_with_anything_secret_in_it_is_refused() {
        for key in TestKey::ALL {
            for member in SECRET_MEMBERS {
                assert!(!is_good(key, &[(member, json!("AA"))]), "{member}");
                assert!(!is_good(key, &[(member, json!(null))]), "{member}");
            }
        }
        let symmetric = json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"});
        assert_eq!(count(&json!([TestKey::EdDsa.jwk(), symmetric])), None);
        assert_eq!(count(&json!([{"kty": "oct", "kid": "a"}])), None);
        // Even in a key that would be skipped.
        let encryption = json!({"kty": "EC", "crv": "P-384", "use": "enc", "d": "AA"});
        assert_eq!(count(&json!([TestKey::EdDsa.jwk(), encryption])), None);
    }

    #[test]
    fn keys_for_something_else_are_left_out() {
        let mut encryption = TestKey::Rs256.jwk();
        encryption["use"] = json!("enc");
        let mut oaep = TestKey::Rs256.jwk();
        oaep["alg"] = json!("RSA-OAEP");
        let mut agreement = TestKey::Es256.jwk();
        agreement["key_ops"] = json!(["deriveKey"]);
        let p384 = json!({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"});
        let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": "AA"});
        let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"});
        let others = json!([encryption, oaep, agreement, p384, x25519, unknown]);
        assert_eq!(count(&others), None);
        let mut all = others;
        all.as_array_mut().unwrap().push(TestKey::EdDsa.jwk());
        assert_eq!(count(&all), Some(1));
    }

    #[test]
    fn malformed_and_weak_keys_are_refused() {
        let n = TestKey::Rs256.jwk()["n"].as_str().unwrap().to_owned();
        for (key, member, value) in [
            (TestKey::Rs256, "n", json!(n[..300])),
            (TestKey::Rs256, "n", json!(n.repeat(3))),
            (TestKey::Rs256, "n", json!(format!("{n}=="))),
            (TestKey::Rs256, "n", json!("")),
            (TestKey::Rs256, "n", json!(7)),
            (TestKey::Rs256, "e", json!("Aw")),
            (TestKey::Rs256, "e", json!("AQAC")),
            (TestKey::Rs256, "e", json!("")),
            (TestKey::Rs256, "alg", json!("ES256")),
            (TestKey::Rs256, "alg", json!(["RS256"])),
            (TestKey::Rs256, "key_ops", json!("verify")),
            (TestKey::Es256, "x", json!("AAAA")),
            (TestKey::Es256, "y", TestKey::Es256.jwk()["x"].clone()),
            (TestKey::Es256, "alg", json!("EdDSA")),
            (TestKey::EdDsa, "x", json!("AAAA")),
            // The neutral element: every signature matches it.
            (
                TestKey::EdDsa,
                "x",
                json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            ),
            (TestKey::EdDsa, "alg", json!("RS256")),
            (TestKey::EdDsa, "kty", json!(null)),
            (TestKey::EdDsa, "kid", json!(1)),
        ] {
            assert!(
                !is_good(key, &[(member, value.clone())]),
                "{key:?} {member} {value}"
            );
        }
    }

    #[test]
    fn it_must_be_clear_which_key_a_name_means() {
        let [mut one, mut other] = [TestKey::EdDsa.jwk(), TestKey::Es256.jwk()];
        assert_eq!(count(&json!([one, other])), Some(2));
        other["kid"] = one["kid"].clone();
        assert_eq!(count(&json!([one, other])), None);
        one.as_object_mut().unwrap().remove("kid");
        assert_eq!(count(&json!([one, other])), None);
        assert_eq!(count(&json!([one])), Some(1));
    }

    #[test]
    fn what_is_wrong_is_said_by_the_number_of_the_key() {
        let [one, other] = [TestKey::EdDsa.jwk(), TestKey::Es256.jwk()];
        let changed = |member: &str, value: Value| {
            let mut jwk = other.clone();
            jwk[member] = value;
            jwk
        };
        let mut nameless = other.clone();
        nameless.as_object_mut().unwrap().remove("kid");
        for (keys, why) in [
            (
                json!([]),
                "has no key that verifies signatures by RS256, ES256 or EdDSA",
            ),
            (
                json!([changed("use", json!("enc"))]),
                "has no key that verifies signatures by RS256, ES256 or EdDSA",
            ),
            (
                json!([one, changed("d", json!("AA"))]),
                "key 2 is private or symmetric: give the public key only",
            ),
            (
                json!([one, {"kty": "oct", "k": "AA"}]),
                "key 2 is private or symmetric: give the public key only",
            ),
            (
                json!([one, changed("x", json!("AA"))]),
                "key 2 is malformed, or of a kind that is not accepted",
            ),
            (
                json!([one, changed("kid", one["kid"].clone())]),
                "key 2 needs a kid of its own",
            ),
            (json!([one, nameless]), "needs a kid in each of its keys"),
        ] {
            let refused = KeySet::parse(&json!({ "keys": keys }).to_string());
            assert_eq!(refused.unwrap_err(), why);
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[]}"#,
            r#"{"keys":[1]}"#,
            "{",
        ] {
            assert!(KeySet::parse(bad).is_err(), "{bad}");
        }
        let alone = TestKey::EdDsa.jwk().to_string();
        assert!(KeySet::parse(&alone).is_err());
        let padded = json!({"keys": [TestKey::EdDsa.jwk()], "x": "x".repeat(MAX_BYTES)});
        assert!(KeySet::parse(&padded.to_string()).is_err());
    }
}
