//! Input from email providers: answers and webhooks.

use ::http::{HeaderMap, HeaderValue, Response};
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::base::timestamp::Timestamp;
use crate::fuzz::{first_line, headers_and_body};
use crate::mail::api::{Feedback, Handover, Unusable};
use crate::mail::registry::{self, ProviderKind};
use crate::model::standard_webhook::WebhookSecret;
use crate::ports::NoAnswer;

/// 2026-11-23T09:00:00Z
const NOW: Timestamp = Timestamp::from_unix_millis(1_795_424_400_000);
/// A reason is a sentence of our own, with a short code in it.
const LONGEST_REASON: usize = 200;

/// An answer: `<provider> <status>`, header lines, an empty line, a body.
pub fn provider_answer(input: &[u8]) {
    let (head, rest) = first_line(input);
    let mut words = head.split(|byte| *byte == b' ');
    let Some(kind) = provider(words.next().unwrap_or_default()) else {
        return;
    };
    let status = words.next().and_then(|it| std::str::from_utf8(it).ok());
    let Some(status) = status.and_then(|it| it.parse().ok()) else {
        return;
    };
    let (headers, body) = headers_and_body(rest);
    let Ok(mut response) = Response::builder().status(status).body(body.to_vec()) else {
        return;
    };
    *response.headers_mut() = headers;
    check(registry::read(kind, Ok(&response), NOW));
    check(registry::read(kind, Err(NoAnswer::CutShort(status)), NOW));
}

fn check(handover: Handover) {
    let (reason, after) = match handover {
        Handover::Accepted => return,
        Handover::Refused { reason } | Handover::SenderRefused { reason } => (reason, None),
        Handover::TryLater { reason, after } | Handover::Throttled { reason, after } => {
            (reason, after)
        }
    };
    // Administrators read it, so of the provider's own words it may contain only a code.
    assert!(reason.is_ascii() && !reason.contains('@'), "{reason:?}");
    assert!(reason.len() <= LONGEST_REASON, "{reason:?}");
    assert!(after.is_none_or(|it| it.as_secs() <= 86_400), "{after:?}");
}

/// A webhook: `<provider>`, header lines, an empty line, a body. It is read unchanged, and with a valid signature.
pub fn provider_webhook(input: &[u8]) {
    let (name, rest) = first_line(input);
    let Some(kind) = provider(name) else { return };
    let (mut headers, body) = headers_and_body(rest);
    let reader = kind.webhook(secret(kind)).expect("it is a secret");
    check_feedback(reader.read(&headers, body, NOW));
    if let Some(body) = sign(kind, &mut headers, body) {
        let feedback = reader.read(&headers, &body, NOW);
        assert_ne!(feedback, Err(Unusable::NotAuthentic), "{}", kind.as_str());
        check_feedback(feedback);
    }
}

fn check_feedback(feedback: Result<Feedback, Unusable>) {
    for kind in feedback.unwrap_or_default().unknown {
        // The kind is logged.
        assert!(kind.is_ascii() && !kind.contains('@') && kind.len() <= 100);
    }
}

/// The provider of that name.
fn provider(name: &[u8]) -> Option<ProviderKind> {
    ProviderKind::parse(std::str::from_utf8(name).ok()?)
}

const STANDARD: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
const CREDENTIALS: &str = "provider:0123456789abcdef";
const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef";
/// The public half of [`key`].
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHhhTL9R1TALzBB2cdc6zO4P/2BrHzk/ogsyxyYvFiW6kbDEcTi/0DdlqNlPm5FRF0y3+SG7O11x6kMahiIHAow==";

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).expect("it is a key")
}

/// The operator's setting for the secret of a provider's webhooks.
const fn secret(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Resend | ProviderKind::Webhook => STANDARD,
        ProviderKind::Postmark | ProviderKind::Ses => CREDENTIALS,
        ProviderKind::Mailgun | ProviderKind::MailgunEu => SIGNING_KEY,
        ProviderKind::SendGrid => PUBLIC_KEY,
    }
}

/// Signs `body` as the provider would, into `headers` or into the body that is returned. `None` if the body has no
/// place for a signature.
fn sign(kind: ProviderKind, headers: &mut HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    let seconds = NOW.unix_seconds().to_string();
    let mut set = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value).expect("a signature is text");
        headers.insert(name, value);
    };
    match kind {
        ProviderKind::Resend | ProviderKind::Webhook => {
            let names = match kind {
                ProviderKind::Resend => ["svix-id", "svix-timestamp", "svix-signature"],
                _ => ["webhook-id", "webhook-timestamp", "webhook-signature"],
            };
            let signing = WebhookSecret::parse(STANDARD).ok()?;
            set(names[0], "m1");
            set(names[1], &seconds);
            set(names[2], &signing.sign("m1", NOW, body));
        }
        ProviderKind::Postmark | ProviderKind::Ses => {
            let credentials = Base64::encode_string(CREDENTIALS.as_bytes());
            set("authorization", &format!("Basic {credentials}"));
        }
        ProviderKind::SendGrid => {
            let signed = [seconds.as_bytes(), body].concat();
            let signature: Signature = key().sign(&signed);
            let signature = Base64::encode_string(signature.to_der().as_bytes());
            set("x-twilio-email-event-webhook-signature", &signature);
            set("x-twilio-email-event-webhook-timestamp", &seconds);
        }
        ProviderKind::Mailgun | ProviderKind::MailgunEu => return sign_inside(&seconds, body),
    }
    Some(body.to_vec())
}

/// Mailgun's signature is a member of the body.
fn sign_inside(seconds: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut webhook: Value = serde_json::from_slice(body).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).ok()?;
    mac.update(format!("{seconds}t0ken").as_bytes());
    let signature = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    let signature = json!({"token": "t0ken", "timestamp": seconds, "signature": signature});
    let members = webhook.as_object_mut()?;
    members.insert("signature".to_owned(), signature);
    Some(webhook.to_string().into_bytes())
}
