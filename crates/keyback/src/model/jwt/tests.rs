//! What makes a token valid, and everything that makes it invalid.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::testing::TestKey;

mod claims;

const NOW: Timestamp = Timestamp::from_unix_millis(1_795_424_400_000);

fn trust() -> JwtTrust {
    JwtTrust {
        keys: KeySet::parse(&TestKey::jwks().to_string()).unwrap(),
        audience: TestKey::AUDIENCE.to_owned(),
    }
}

fn verify(token: &str) -> Result<VerifiedJwt, InvalidJwt> {
    trust().verify(token, NOW)
}

fn claims() -> Value {
    TestKey::claims("users reset", NOW)
}

/// Valid claims with some of them changed; null removes one.
fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

fn is_good(changes: &Value) -> bool {
    verify(&TestKey::EdDsa.token(&claims_with(changes))).is_ok()
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

#[test]
fn each_algorithm_is_taken_with_its_key() {
    for key in TestKey::ALL {
        let verified = verify(&key.token(&claims())).unwrap();
        assert_eq!(verified.bearer, "portal-admin");
        assert_eq!(verified.scopes, ["users", "reset"]);
        assert_eq!(verified.audit_context, None);
    }
}

#[test]
fn the_examples_of_the_standards_verify() {
    let bytes = |text: &str| Base64UrlUnpadded::decode_vec(text).unwrap();
    let jwk = |key: TestKey, member: &str| bytes(key.jwk()[member].as_str().unwrap());
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    for (algorithm, key, message, signature) in [
        // RFC 7515, A.2
        (
            Algorithm::RS256,
            DecodingKey::from_rsa_raw_components(
                &jwk(TestKey::Rs256, "n"),
                &jwk(TestKey::Rs256, "e"),
            ),
            format!("eyJhbGciOiJSUzI1NiJ9.{payload}"),
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        // RFC 7515, A.3
        (
            Algorithm::ES256,
            DecodingKey::from_ec_der(
                &[vec![4], jwk(TestKey::Es256, "x"), jwk(TestKey::Es256, "y")].concat(),
            ),
            format!("eyJhbGciOiJFUzI1NiJ9.{payload}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        // RFC 8037, A.4
        (
            Algorithm::EdDSA,
            DecodingKey::from_ed_der(&jwk(TestKey::EdDsa, "x")),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ] {
        let verifier = crypto::verifier(algorithm, &key).unwrap();
        let mut signature = bytes(signature);
        assert!(
            verifier.verify(message.as_bytes(), &signature).is_ok(),
            "{algorithm:?}"
        );
        signature[7] ^= 1;
        assert!(
            verifier.verify(message.as_bytes(), &signature).is_err(),
            "{algorithm:?}"
        );
    }
}

#[test]
fn a_changed_token_is_refused() {
    for key in TestKey::ALL {
        let token = key.token(&claims());
        let parts: Vec<_> = token.split('.').collect();
        let more = encode(
            claims_with(&json!({"scope": "users courier"}))
                .to_string()
                .as_bytes(),
        );
        let half = &parts[2][..parts[2].len() / 2];
        for bad in [
            format!("{}.{more}.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.{half}", parts[0], parts[1]),
            format!("{token}."),
            format!("{token}A"),
            format!("{token}="),
            format!("{token}.{}", parts[2]),
            format!(" {token}"),
            "..".to_owned(),
            String::new(),
        ] {
            assert_eq!(verify(&bad), Err(InvalidJwt), "{bad}");
        }
    }
}

#[test]
fn no_algorithm_but_the_keys_own_is_taken() {
    for key in TestKey::ALL {
        for algorithm in [
            "none", "None", "", "HS256", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384",
            "ES256K", "EdDSA", "Ed25519", "rs256",
        ] {
            let mut header = key.header();
            if header["alg"] == algorithm {
                continue;
            }
            header["alg"] = json!(algorithm);
            let token = key.sign(&header, &claims());
            assert_eq!(verify(&token), Err(InvalidJwt), "{key:?} {algorithm}");
        }
        let mut header = key.header();
        header.as_object_mut().unwrap().remove("alg");
        assert_eq!(verify(&key.sign(&header, &claims())), Err(InvalidJwt));
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let header = json!({"alg": "none", "kid": "ed"});
    let message = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims().to_string().as_bytes())
    );
    assert_eq!(verify(&format!("{message}.")), Err(InvalidJwt));
    assert_eq!(verify(&message), Err(InvalidJwt));
}

#[test]
fn a_public_key_is_no_secret_for_an_hmac() {
    for key in TestKey::ALL {
        let jwk = key.jwk();
        let mut header = key.header();
        header["alg"] = json!("HS256");
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims().to_string().as_bytes())
        );
        let text = |member: &str| jwk[member].as_str().unwrap_or_default().to_owned();
        let decoded = |member| Base64UrlUnpadded::decode_vec(&text(member)).unwrap();
        for secret in [
            jwk.to_string().into_bytes(),
            text("n").into_bytes(),
            decoded("n"),
            decoded("x"),
            [vec![4], decoded("x"), decoded("y")].concat(),
        ] {
            let mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
            let mac = mac.chain_update(message.as_bytes()).finalize().into_bytes();
            let token = format!("{message}.{}", encode(&mac));
            assert_eq!(verify(&token), Err(InvalidJwt));
        }
    }
}

#[test]
fn the_key_is_the_one_that_the_token_names() {
    let key = TestKey::EdDsa;
    for kid in [
        json!("unknown"),
        json!(""),
        json!("ec"),
        json!("ED"),
        json!(7),
        json!(["ed"]),
    ] {
        let header = json!({"alg": "EdDSA", "kid": kid});
        assert_eq!(
            verify(&key.sign(&header, &claims())),
            Err(InvalidJwt),
            "{kid}"
        );
    }
    // With several keys a token must name its own.
    let nameless = key.sign(&json!({"alg": "EdDSA"}), &claims());
    assert_eq!(verify(&nameless), Err(InvalidJwt));
    let only = JwtTrust {
        keys: KeySet::parse(&json!({"keys": [key.jwk()]}).to_string()).unwrap(),
        ..trust()
    };
    assert!(only.verify(&nameless, NOW).is_ok());
    assert!(only.verify(&key.token(&claims()), NOW).is_ok());
    assert!(only.verify(&TestKey::Es256.token(&claims()), NOW).is_err());
}

#[test]
fn a_header_that_asks_for_more_is_refused() {
    let key = TestKey::EdDsa;
    for (member, value) in [
        ("jwk", key.jwk()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5c", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("cty", json!("JWT")),
        ("enc", json!("A256GCM")),
        ("zip", json!("DEF")),
        ("typ", json!("dpop+jwt")),
        ("typ", json!("logout+jwt")),
        ("typ", json!(1)),
    ] {
        let mut header = key.header();
        header[member] = value;
        let token = key.sign(&header, &claims());
        assert_eq!(verify(&token), Err(InvalidJwt), "{header}");
    }
    for (member, value) in [
        ("typ", json!("at+jwt")),
        ("typ", json!("application/AT+JWT")),
        ("x5t", json!("thumbprint")),
        ("other", json!({"a": 1})),
    ] {
        let mut header = key.header();
        header[member] = value;
        assert!(verify(&key.sign(&header, &claims())).is_ok(), "{header}");
    }
}

#[test]
fn a_member_given_twice_is_refused() {
    let key = TestKey::EdDsa;
    let (header, claims) = (key.header().to_string(), claims().to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    assert!(verify(&key.sign_text(&header, &claims)).is_ok());
    for member in [r#""alg":"none""#, r#""kid":"ec""#] {
        let token = key.sign_text(&twice(&header, member), &claims);
        assert_eq!(verify(&token), Err(InvalidJwt), "{member}");
    }
    for member in [r#""exp":0"#, r#""aud":"keyback""#, r#""scope":"courier""#] {
        let token = key.sign_text(&header, &twice(&claims, member));
        assert_eq!(verify(&token), Err(InvalidJwt), "{member}");
    }
    for bad in ["", "[]", "null", "1", "{", "{}x"] {
        assert_eq!(
            verify(&key.sign_text(&header, bad)),
            Err(InvalidJwt),
            "{bad}"
        );
        assert_eq!(
            verify(&key.sign_text(bad, &claims)),
            Err(InvalidJwt),
            "{bad}"
        );
    }
}

#[test]
fn a_long_token_is_not_looked_at() {
    let with_padding =
        |length: usize| TestKey::EdDsa.token(&claims_with(&json!({"padding": "x".repeat(length)})));
    let base = with_padding(0).len();
    // Three bytes make four characters.
    let most = (MAX_TOKEN_BYTES - base) / 4 * 3;
    assert!(verify(&with_padding(most)).is_ok());
    let long = with_padding(most + 8);
    assert!(long.len() > MAX_TOKEN_BYTES);
    assert_eq!(verify(&long), Err(InvalidJwt));
}
