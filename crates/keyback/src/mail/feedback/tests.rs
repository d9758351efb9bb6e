//! Each provider's webhooks as documented (with other addresses), forged, stale, and garbage.

use ::http::HeaderValue;
use base64ct::{Base64, Encoding};

use super::*;

mod authentic;
mod events;

/// 2026-11-23T09:00:00Z
pub(super) const NOW: u64 = 1_795_424_400;
pub(super) const SIGNED: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
pub(super) const CREDENTIALS: &str = "provider:0123456789abcdef";
pub(super) const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef";

/// A webhook on its way here.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) provider: ProviderKind,
    pub(super) secret: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Post {
    pub(super) fn read_at(&self, seconds: u64) -> Result<Vec<Feedback>, Unusable> {
        let secret = FeedbackSecret::parse(self.provider, &self.secret).unwrap();
        let now = Timestamp::from_unix_millis(seconds * 1000);
        read(self.provider, &secret, &self.headers, &self.body, now)
    }

    fn header(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.insert(name, value);
    }
}

/// The key of the tests that plays SendGrid's, and its public half as SendGrid shows it.
fn sendgrid_key() -> (p256::ecdsa::SigningKey, String) {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = key.verifying_key().to_sec1_point(false);
    let prefix = Base64::decode_vec("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
    let der = [&prefix[..26], point.as_bytes()].concat();
    (key, Base64::encode_string(&der))
}

fn der(signature: &p256::ecdsa::Signature) -> Vec<u8> {
    let mut numbers = Vec::new();
    for number in signature.to_bytes().chunks(32) {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let mut number = number[zeros..].to_vec();
        if number[0] >= 0x80 {
            number.insert(0, 0);
        }
        numbers.extend([0x02, u8::try_from(number.len()).unwrap()]);
        numbers.extend(number);
    }
    let mut der = vec![0x30, u8::try_from(numbers.len()).unwrap()];
    der.extend(numbers);
    der
}

/// `body` as `provider` would send it now; Mailgun's signature takes the place of `SIGNATURE` in it.
pub(super) fn posted(provider: ProviderKind, body: &str) -> Post {
    use p256::ecdsa::signature::Signer as _;

    let (key, public) = sendgrid_key();
    let now = Timestamp::from_unix_millis(NOW * 1000);
    let mut post = Post {
        provider,
        secret: String::new(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    };
    match provider {
        ProviderKind::Resend | ProviderKind::Webhook => {
            let signature = WebhookSecret::parse(SIGNED)
                .unwrap()
                .sign("m1", now, body.as_bytes());
            let names = match provider {
                ProviderKind::Resend => ["svix-id", "svix-timestamp", "svix-signature"],
                _ => ["webhook-id", "webhook-timestamp", "webhook-signature"],
            };
            for (name, value) in names.into_iter().zip(["m1", &NOW.to_string(), &signature]) {
                post.header(name, value);
            }
            SIGNED.clone_into(&mut post.secret);
        }
        ProviderKind::Postmark | ProviderKind::Ses => {
            let credentials = Base64::encode_string(CREDENTIALS.as_bytes());
            post.header("authorization", &format!("Basic {credentials}"));
            CREDENTIALS.clone_into(&mut post.secret);
        }
        ProviderKind::SendGrid => {
            let signature = key.sign(format!("{NOW}{body}").as_bytes());
            post.header(
                "x-twilio-email-event-webhook-signature",
                &Base64::encode_string(&der(&signature)),
            );
            post.header("x-twilio-email-event-webhook-timestamp", &NOW.to_string());
            post.secret = public;
        }
        ProviderKind::Mailgun | ProviderKind::MailgunEu => {
            use hmac::{Hmac, KeyInit as _, Mac as _};
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).unwrap();
            mac.update(format!("{NOW}t0ken").as_bytes());
            let mac = base16ct::lower::encode_string(&mac.finalize().into_bytes());
            let signature =
                format!(r#"{{"token":"t0ken","timestamp":"{NOW}","signature":"{mac}"}}"#);
            post.body = body.replace("SIGNATURE", &signature).into_bytes();
            SIGNING_KEY.clone_into(&mut post.secret);
        }
    }
    post
}
