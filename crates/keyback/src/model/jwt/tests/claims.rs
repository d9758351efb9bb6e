//! What the claims may say.

use super::*;

#[test]
fn a_token_lives_ten_minutes_at_most() {
    let now = NOW.unix_seconds();
    for good in [
        json!(now + 600),
        json!(now + 1),
        json!(now),
        json!(now - 29),
        json!(300.5 + f64::from(u32::try_from(now).unwrap())),
    ] {
        assert!(is_good(&json!({"exp": good})), "{good}");
    }
    for bad in [
        json!(null),
        json!(now + 601),
        json!(now + 3600),
        json!(now * 1000),
        json!(now - 30),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(-1e300),
        json!(u64::MAX),
        json!((now + 300).to_string()),
        json!("2026-11-23T09:05:00Z"),
        json!(true),
        json!([now + 300]),
        json!({}),
    ] {
        assert!(!is_good(&json!({"exp": bad})), "{bad}");
    }
    // Whole numbers that are one modulo 2^32 or 2^64 are not the same.
    assert!(!is_good(&json!({"exp": now + 300 + (1 << 32)})));
    let huge = format!("{}", u128::from(now + 300) + (1 << 64));
    let text = claims()
        .to_string()
        .replace(&format!("{}", now + 300), &huge);
    let key = TestKey::EdDsa;
    assert_eq!(
        verify(&key.sign_text(&key.header().to_string(), &text)),
        Err(InvalidJwt)
    );
}

#[test]
fn a_token_counts_from_its_beginning_on() {
    let now = NOW.unix_seconds();
    for claim in ["nbf", "iat"] {
        for good in [
            json!(null),
            json!(now),
            json!(now + 30),
            json!(now - 500),
            json!(0),
        ] {
            assert!(is_good(&json!({ claim: good })), "{claim} {good}");
        }
        for bad in [
            json!(now + 31),
            json!(1e300),
            json!(-1),
            json!("0"),
            json!(false),
            json!([]),
        ] {
            assert!(!is_good(&json!({ claim: bad })), "{claim} {bad}");
        }
    }
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    for good in [
        json!("keyback"),
        json!(["keyback"]),
        json!(["a", "keyback", "b"]),
    ] {
        assert!(is_good(&json!({"aud": good})), "{good}");
    }
    for bad in [
        json!(null),
        json!("other"),
        json!(""),
        json!("Keyback"),
        json!("keyback "),
        json!([]),
        json!(["other"]),
        json!(["keyback", 1]),
        json!({"keyback": true}),
        json!(true),
    ] {
        assert!(!is_good(&json!({"aud": bad})), "{bad}");
    }
}

#[test]
fn scopes_are_words_in_a_string() {
    let scopes = |scope: Value| {
        verify(&TestKey::EdDsa.token(&claims_with(&json!({"scope": scope})))).map(|it| it.scopes)
    };
    assert_eq!(scopes(json!("sign-in")).unwrap(), ["sign-in"]);
    assert_eq!(scopes(json!("openid users")).unwrap(), ["openid", "users"]);
    assert_eq!(scopes(json!(null)).unwrap(), [""]);
    for bad in [json!(["users"]), json!(1), json!({})] {
        assert_eq!(scopes(bad.clone()), Err(InvalidJwt), "{bad}");
    }
}

#[test]
fn the_bearer_is_the_subject_or_the_key() {
    let bearer = |sub: Value| {
        verify(&TestKey::Rs256.token(&claims_with(&json!({"sub": sub})))).map(|it| it.bearer)
    };
    assert_eq!(bearer(json!("u-1")).unwrap(), "u-1");
    assert_eq!(bearer(json!(null)).unwrap(), "rsa");
    // Events name what users and Keyback itself did in the last two ways.
    let long = json!("x".repeat(256));
    for bad in [
        json!(""),
        json!(1),
        json!("a\nb"),
        long,
        json!("user"),
        json!("system"),
    ] {
        assert_eq!(bearer(bad.clone()), Err(InvalidJwt), "{bad}");
    }
}

/// An object with lists in it, of so many levels in all.
fn nested(levels: usize) -> Value {
    json!({"a": (2..levels).fold(json!([]), |inner, _| json!([inner]))})
}

#[test]
fn the_audit_context_is_kept_whole_or_the_token_is_refused() {
    let kept = |context: Value| {
        verify(&TestKey::Es256.token(&claims_with(&json!({"audit_context": context}))))
            .map(|it| it.audit_context)
    };
    for good in [
        json!("ticket 7"),
        json!({}),
        json!({"ip": "192.0.2.1", "who": {"name": "Ann"}}),
        json!("x".repeat(2046)),
        nested(16),
    ] {
        assert_eq!(kept(good.clone()), Ok(Some(good)));
    }
    for bad in [
        json!(1),
        json!(true),
        json!(["a"]),
        json!("x".repeat(2047)),
        json!({"a": "ä".repeat(1100)}),
        nested(17),
        nested(124),
    ] {
        assert_eq!(kept(bad.clone()), Err(InvalidJwt), "{bad}");
    }
}
