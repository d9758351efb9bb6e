//! Tokens that are no good. Each differs from a good one in one thing, and is answered like no token at all.

use serde_json::{Value, json};

use super::{call_for, trusting};
use crate::app::{
    Algorithm, App, Caller as _, Issuer, Scope, altered, assert_alike, encode, hmac, unix_now,
};

/// The longest token that is looked at, in bytes.
const TOKEN_LIMIT: usize = 8 * 1024;

/// An app, and a provider that it trusts.
struct Desk {
    app: App,
    issuer: Issuer,
}

impl Desk {
    fn open() -> Self {
        let issuer = Issuer::new();
        let app = trusting(&issuer).start();
        Self { app, issuer }
    }

    fn status(&self, token: &str) -> u16 {
        self.app
            .token_bearer(token)
            .get("/v1/admin/users?limit=1")
            .status
    }

    #[track_caller]
    fn assert_good(&self, token: &str, what: &str) {
        assert_eq!(self.status(token), 200, "{what}");
    }

    #[track_caller]
    fn assert_refused(&self, token: &str, what: &str) {
        let path = "/v1/admin/users?limit=1";
        let refused = self.app.token_bearer(token).get(path);
        assert_eq!(refused.status, 401, "{what}: {}", refused.text());
        refused.expect_problem(401, "unauthorized");
        assert_alike(&refused, &self.app.visitor().get(path));
    }

    /// A token with the usual header and one claim changed; null removes the claim.
    fn with_claim(&self, algorithm: Algorithm, name: &str, value: &Value) -> String {
        let claims = changed(Issuer::claims("users"), name, value);
        self.issuer
            .sign(algorithm, &Issuer::header(algorithm), &claims)
    }

    /// A token with the usual claims and one member of the header changed.
    fn with_header(&self, algorithm: Algorithm, name: &str, value: &Value) -> String {
        let header = changed(Issuer::header(algorithm), name, value);
        self.issuer
            .sign(algorithm, &header, &Issuer::claims("users"))
    }
}

fn changed(mut object: Value, name: &str, value: &Value) -> Value {
    let members = object.as_object_mut().expect("it is an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value.clone());
    }
    object
}

#[test]
fn no_algorithm_but_the_keys_own_is_taken() {
    let desk = Desk::open();
    for algorithm in Algorithm::ALL {
        desk.assert_good(&desk.issuer.token(algorithm, "users"), algorithm.name());
        let mut others = vec![Value::Null, json!(7), json!("")];
        others
            .extend(["none", "None", "HS256", "RS512", "PS256", "ES384", "rs256"].map(Value::from));
        others.extend(Algorithm::ALL.map(|other| json!(other.name())));
        for other in others.iter().filter(|other| **other != algorithm.name()) {
            let token = desk.with_header(algorithm, "alg", other);
            desk.assert_refused(&token, &format!("{other} for {}", algorithm.name()));
            // Without its signature, as `none` has it.
            let (message, _) = token.rsplit_once('.').expect("a token has parts");
            desk.assert_refused(&format!("{message}."), "an empty signature");
            desk.assert_refused(message, "no signature");
        }
    }
}

#[test]
fn a_public_key_is_no_secret_for_an_hmac() {
    let desk = Desk::open();
    for algorithm in Algorithm::ALL {
        let jwk = desk.issuer.jwk(algorithm);
        let member = |name: &str| jwk[name].as_str().unwrap_or_default().to_owned();
        let secrets = [
            desk.issuer.jwks().into_bytes(),
            jwk.to_string().into_bytes(),
            member("n").into_bytes(),
            member("x").into_bytes(),
            desk.issuer.public_bytes(algorithm),
        ];
        for secret in secrets {
            let header = changed(Issuer::header(algorithm), "alg", &json!("HS256"));
            let token = hmac(&header, &Issuer::claims("users"), &secret);
            desk.assert_refused(&token, algorithm.name());
            // Or with the algorithm that the key is for.
            let header = Issuer::header(algorithm);
            let token = hmac(&header, &Issuer::claims("users"), &secret);
            desk.assert_refused(&token, algorithm.name());
        }
    }
}

/// A claim's name, and a value that is bad at the given time.
type Bad = (&'static str, fn(u64) -> Value);

#[test]
fn times_must_be_there_be_numbers_and_be_near() {
    let desk = Desk::open();
    let with = |name: &str, value: &Value| desk.with_claim(Algorithm::EdDsa, name, value);
    let with_fraction = serde_json::from_str(&format!("{}.5", unix_now() + 200));
    for good in [
        json!(unix_now() + 300),
        with_fraction.expect("it is a number"),
    ] {
        desk.assert_good(&with("exp", &good), &format!("exp {good}"));
    }
    // Each value is computed just before its call; on a slow machine, times too far ahead would come into range.
    let bad: [Bad; 18] = [
        ("exp", |_| Value::Null),
        ("exp", |now| json!((now + 300).to_string())),
        ("exp", |_| json!("2030-01-01T00:00:00Z")),
        ("exp", |now| json!([now + 300])),
        ("exp", |_| json!(true)),
        ("exp", |_| json!(0)),
        ("exp", |_| json!(-1)),
        ("exp", |now| json!(now - 60)),
        // More than ten minutes ahead, by minutes, by years and out of all reason.
        ("exp", |now| json!(now + 700)),
        ("exp", |now| json!(now + 86_400)),
        ("exp", |now| json!(now * 1000)),
        ("exp", |_| json!(u64::MAX)),
        ("exp", |_| json!(1e300)),
        ("nbf", |now| json!(now + 120)),
        ("nbf", |_| json!(1e300)),
        ("nbf", |now| json!((now - 60).to_string())),
        ("iat", |now| json!(now + 120)),
        ("iat", |_| json!("today")),
    ];
    for (name, value) in bad {
        let bad = value(unix_now());
        desk.assert_refused(&with(name, &bad), &format!("{name} {bad}"));
    }
    for name in ["nbf", "iat"] {
        desk.assert_good(&with(name, &Value::Null), name);
        desk.assert_good(&with(name, &json!(unix_now() - 86_400)), name);
    }
}

#[test]
fn a_token_for_somebody_else_or_of_an_unknown_key_is_refused() {
    let desk = Desk::open();
    let us = Issuer::AUDIENCE;
    let listed = desk.with_claim(
        Algorithm::Es256,
        "aud",
        &json!(["https://other.example.test", us]),
    );
    desk.assert_good(&listed, "aud lists us");
    for bad in [
        Value::Null,
        json!(""),
        json!("https://other.example.test"),
        json!(format!("{us}/")),
        json!(us.to_uppercase()),
        json!([]),
        json!(["https://other.example.test"]),
        json!({ us: true }),
        json!(7),
    ] {
        let token = desk.with_claim(Algorithm::Es256, "aud", &bad);
        desk.assert_refused(&token, &format!("aud {bad}"));
    }
    for bad in [
        Value::Null,
        json!(""),
        json!("unknown"),
        json!("ES256-2026"),
        json!("eddsa-2026"),
        // A key for encryption must not verify signatures.
        json!("enc-2026"),
        json!(7),
    ] {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            let token = desk.with_header(algorithm, "kid", &bad);
            desk.assert_refused(&token, &format!("kid {bad} of {}", algorithm.name()));
        }
    }
    let stranger = Issuer::new();
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let token = stranger.token(algorithm, "users");
        desk.assert_refused(&token, "a stranger's key under a known name");
    }
}

#[test]
fn a_token_brings_no_key_of_its_own() {
    let desk = Desk::open();
    let stranger = Issuer::new();
    let algorithm = Algorithm::EdDsa;
    // A set that would verify the token could even be fetched there.
    let nearby = format!("{}/jwks.json", desk.app.variable("email_api_origin"));
    for (name, value) in [
        ("jwk", stranger.jwk(algorithm)),
        ("jku", json!(nearby)),
        ("jku", json!("https://login.example.test/jwks.json")),
        ("x5u", json!(nearby)),
        ("x5c", json!(["MIIBszCCAVmgAwIBAgIUQm9ndXM="])),
        ("x5c", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
    ] {
        let header = changed(Issuer::header(algorithm), name, &value);
        for signer in [&stranger, &desk.issuer] {
            let token = signer.sign(algorithm, &header, &Issuer::claims("users"));
            desk.assert_refused(&token, &format!("{name} {value}"));
        }
    }
    desk.assert_good(
        &desk.with_header(algorithm, "typ", &json!("at+jwt")),
        "another type's name",
    );
}

#[test]
fn a_changed_token_is_refused() {
    let desk = Desk::open();
    for algorithm in Algorithm::ALL {
        let token = desk.issuer.token(algorithm, "users");
        desk.assert_good(&token, algorithm.name());
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            panic!("a token has three parts");
        };
        let more = encode(Issuer::claims("users reset").to_string().as_bytes());
        for (bad, what) in [
            (format!("{header}.{more}.{signature}"), "another payload"),
            (
                format!("{header}.{}.{signature}", altered(claims)),
                "a changed payload",
            ),
            (
                format!("{}.{claims}.{signature}", altered(header)),
                "a changed header",
            ),
            (
                format!("{header}.{claims}.{}", altered(signature)),
                "a changed signature",
            ),
            (
                format!("{header}.{claims}.{}", &signature[..40]),
                "a cut signature",
            ),
            (format!("{header}.{claims}.{signature}="), "padding"),
            (format!("{token}.{signature}"), "four parts"),
            (format!("{header}.{claims}"), "two parts"),
            (format!("{header}..{signature}"), "no payload"),
            ("..".to_owned(), "nothing"),
        ] {
            desk.assert_refused(&bad, &format!("{what}, {}", algorithm.name()));
        }
    }
}

#[test]
fn a_token_over_eight_kibibytes_is_refused() {
    let desk = Desk::open();
    let padded =
        |length: usize| desk.with_claim(Algorithm::Rs256, "padding", &json!("x".repeat(length)));
    // Three bytes of padding become four of the token; three bytes less make up for rounding.
    let most = (TOKEN_LIMIT - padded(0).len()) / 4 * 3 - 3;
    let (long, longer) = (padded(most), padded(most + 9));
    assert!(long.len() <= TOKEN_LIMIT && longer.len() > TOKEN_LIMIT);
    desk.assert_good(&long, "just short enough");
    desk.assert_refused(&longer, "a little too long");
    desk.assert_refused(&padded(6 * TOKEN_LIMIT), "much too long");
}

#[test]
fn what_is_for_the_record_is_of_a_kind_and_size_that_can_be_kept() {
    let desk = Desk::open();
    for (name, bad) in [
        ("audit_context", json!(7)),
        ("audit_context", json!(["a"])),
        ("audit_context", json!("x".repeat(2 * 1024))),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("one\ntwo")),
        ("sub", json!("x".repeat(256))),
        ("scope", json!(["users"])),
    ] {
        let token = desk.with_claim(Algorithm::EdDsa, name, &bad);
        desk.assert_refused(&token, &format!("{name} {bad}"));
    }
}

#[test]
fn no_call_takes_a_bad_token() {
    let desk = Desk::open();
    let user = desk.app.create_user();
    for scope in Scope::ALL {
        let mut claims = Issuer::claims(scope.name());
        claims["exp"] = json!(unix_now() - 60);
        let header = Issuer::header(Algorithm::EdDsa);
        let expired = desk.issuer.sign(Algorithm::EdDsa, &header, &claims);
        call_for(scope, &desk.app.token_bearer(&expired), &user)
            .expect_problem(401, "unauthorized");
    }
}
