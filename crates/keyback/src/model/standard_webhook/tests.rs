//! Compared with `standardwebhooks`, the library that the specification's authors publish.

use ::http::HeaderMap;
use standardwebhooks::Webhook;

use super::*;

const SECRET: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
const ID: &str = "msg_1";
const BODIES: [&str; 4] = [
    "",
    "{}",
    r#"{"type":"password.changed","data":{"name":"Zoë 🐢"}}"#,
    "two\nlines. and dots.",
];

fn secret() -> WebhookSecret {
    WebhookSecret::parse(SECRET).unwrap()
}

fn time(seconds: u64) -> Timestamp {
    Timestamp::from_unix_millis(seconds * 1000 + 999)
}

#[test]
fn what_is_signed_here_is_right_by_the_reference_library() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the reference library compares with the clock"
    )]
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    for body in BODIES {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", ID.parse().unwrap());
        headers.insert("webhook-timestamp", now.into());
        let signature = secret().sign(ID, time(now), body.as_bytes());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let reference = Webhook::new(SECRET).unwrap();
        reference.verify(body.as_bytes(), &headers).unwrap();
        assert!(reference.verify(b"other", &headers).is_err());
    }
}

#[test]
fn what_the_reference_library_signs_is_right_here() {
    for body in BODIES {
        let signature = Webhook::new(SECRET)
            .unwrap()
            .sign(ID, 1_700_000_000, body.as_bytes())
            .unwrap();
        let verify = |signature: &str| {
            let now = time(1_700_000_000);
            secret().verify(ID, "1700000000", signature, body.as_bytes(), now)
        };
        assert!(verify(&signature));
        assert!(verify(&format!("v1a,AAAA v1,AAAA {signature}")));
        assert!(!verify(&signature.replace("v1,", "v1a,")));
        assert!(!verify(""));
        assert!(!verify("v1,"));
    }
}

/// From `libraries/javascript/src/webhook.test.ts` of <https://github.com/standard-webhooks/standard-webhooks>.
#[test]
fn the_signature_that_the_reference_libraries_publish_is_made_here_too() {
    let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    assert_eq!(
        secret.sign(id, time(1_614_265_330), br#"{"test": 2432232314}"#),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
}

#[test]
fn another_id_time_body_or_secret_is_refused() {
    let now = time(1_700_000_000);
    let signature = secret().sign(ID, now, b"{}");
    let verify = |secret: &WebhookSecret, id, timestamp, body: &[u8]| {
        secret.verify(id, timestamp, &signature, body, now)
    };
    assert!(verify(&secret(), ID, "1700000000", b"{}"));
    assert!(!verify(&secret(), "msg_2", "1700000000", b"{}"));
    assert!(!verify(&secret(), ID, "1700000001", b"{}"));
    assert!(!verify(&secret(), ID, "1700000000", b"{ }"));
    for timestamp in [
        "",
        "x",
        "-1",
        "1700000000.0",
        " 1700000000",
        "99999999999999999999",
    ] {
        assert!(!verify(&secret(), ID, timestamp, b"{}"), "{timestamp}");
    }
    let other = WebhookSecret::parse(&SECRET.replace("a2V5", "a2V6")).unwrap();
    assert!(!verify(&other, ID, "1700000000", b"{}"));
}

#[test]
fn a_webhook_is_taken_for_five_minutes_either_way() {
    let sent = 1_700_000_000;
    let signature = secret().sign(ID, time(sent), b"{}");
    for (now, is_taken) in [
        (sent - 301, false),
        (sent - 300, true),
        (sent + 300, true),
        (sent + 301, false),
    ] {
        let verified = secret().verify(ID, "1700000000", &signature, b"{}", time(now));
        assert_eq!(verified, is_taken, "{now}");
    }
}

#[test]
fn a_secret_is_24_to_64_bytes_and_is_not_shown() {
    let text = |bytes: usize| format!("whsec_{}", Base64::encode_string(&vec![7; bytes]));
    for (bytes, is_taken) in [(23, false), (24, true), (64, true), (65, false)] {
        assert_eq!(WebhookSecret::parse(&text(bytes)).is_ok(), is_taken);
    }
    let no_prefix = text(32).replace("whsec_", "");
    for bad in ["", "whsec_", "whsec_%%", "whsk_AAAA", no_prefix.as_str()] {
        assert_eq!(WebhookSecret::parse(bad).unwrap_err(), InvalidWebhookSecret);
    }
    assert_eq!(format!("{:?}", secret()), "WebhookSecret");
}
