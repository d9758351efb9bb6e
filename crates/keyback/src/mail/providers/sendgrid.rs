//! SendGrid: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>,
//! errors: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors>,
//! senders: <https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sender-identity>,
//! limits: <https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits>.
//!
//! It has no idempotency keys.
//!
//! Webhooks: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>, signed as in
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>:
//! ECDSA on P-256 with SHA-256 over timestamp and body.

use ::http::{HeaderMap, Request};
use base64ct::{Base64, Encoding};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};

use crate::base::timestamp::Timestamp;
use crate::mail::api::reports::Meaning::{self, Final};
use crate::mail::api::reports::{bounced, complained, delivered, given_up, held_back, text};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Feedback, Handover, Mailbox, OpenedMail,
    OutboundMail, Unusable, WebhookReader, json, post, set,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;

#[cfg(test)]
mod tests;

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";
/// Maximum age of a signature, in seconds. Retries continue for 24 hours, possibly with the first signature. A replay
/// can only repeat a report, since the body is signed.
const MAX_AGE: u64 = 25 * 3_600;
/// Maximum lead of the sender's clock, in seconds.
const MAX_AHEAD: u64 = 300;

pub(in crate::mail) struct SendGrid;

impl EmailProvider for SendGrid {
    const NAME: &'static str = "sendgrid";
    const ORIGIN: Option<&'static str> = Some("https://api.sendgrid.com");

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail { settings, mail, .. } = *mail;
        let OpenedMail {
            email_id, message, ..
        } = mail;
        let (name, value) = AUTO_SUBMITTED;
        let off = json!({ "enable": false });
        let mut body = json!({
            "personalizations": [{ "to": [{ "email": message.to }] }],
            "from": mailbox(&settings.from),
            "subject": message.subject,
            // Plain text must come first.
            "content": [
                { "type": "text/plain", "value": message.text },
                { "type": "text/html", "value": message.html },
            ],
            "headers": { name: value },
            "custom_args": { EMAIL_ID: email_id },
            "tracking_settings": {
                "click_tracking": { "enable": false, "enable_text": false },
                "open_tracking": off,
                "subscription_tracking": off,
                "ganalytics": off,
            },
        });
        if let Some(reply_to) = &settings.reply_to {
            set(&mut body, "reply_to", mailbox(reply_to));
        }
        post(
            settings.origin.join("/v3/mail/send"),
            "application/json",
            &[("authorization", &format!("Bearer {}", settings.api_key))],
            body.to_string().into_bytes(),
        )
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        let field = answer.text("/errors/0/field");
        match answer.status() {
            200..=299 => answer.success(),
            400 | 403 if field.is_some_and(|field| field.starts_with("from")) => {
                answer.sender_refused(field)
            }
            _ => answer.by_status(field),
        }
    }

    /// Base64 of a `SubjectPublicKeyInfo` (RFC 5280 §4.1), which SendGrid shows when its signed event webhook is switched
    /// on.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        let der = Base64::decode_vec(secret).ok()?;
        let key = VerifyingKey::from_public_key_der(&der).ok()?;
        Some(Box::new(Webhooks(key)))
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "SG.123",
        bad_keys: &["\u{7f}"],
        page: "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
        secret: tests::PUBLIC_KEY,
        // Not on the curve.
        bad_secret: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+w==",
        sign: tests::sign,
    };
}

fn mailbox(mailbox: &Mailbox) -> Value {
    match mailbox.parts() {
        (Some(name), email) => json!({ "email": email, "name": name }),
        (None, email) => json!({ "email": email }),
    }
}

struct Webhooks(VerifyingKey);

impl WebhookReader for Webhooks {
    fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Feedback, Unusable> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_authentic = || {
            let timestamp = header(TIMESTAMP)?;
            let signature = Base64::decode_vec(header(SIGNATURE)?).ok()?;
            let signature = Signature::from_der(&signature).ok()?;
            let seconds: u64 = timestamp.parse().ok()?;
            let now = now.unix_seconds();
            let is_recent =
                seconds <= now.saturating_add(MAX_AHEAD) && now <= seconds.saturating_add(MAX_AGE);
            let signed = [timestamp.as_bytes(), body].concat();
            let is_signed = self.0.verify(&signed, &signature).is_ok();
            (is_recent && is_signed).then_some(())
        };
        is_authentic().ok_or(Unusable::NotAuthentic)?;
        read_events(&json(body)?)
    }
}

/// Up to a thousand events at once; our id is a member of each.
fn read_events(events: &Value) -> Result<Feedback, Unusable> {
    let events = events.as_array().ok_or(Unusable::Unreadable)?;
    let mut feedback = Feedback::default();
    for event in events {
        feedback.add(meaning(event).about_mail_of(Some(event)));
    }
    Ok(feedback)
}

/// By <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>.
fn meaning(event: &Value) -> Meaning {
    let kind = text(event, "/event");
    match (kind.unwrap_or_default(), text(event, "/type")) {
        ("delivered", _) => Final(delivered()),
        // About the email or a temporary state, not about the address; SendGrid does not retry.
        ("bounce", Some("blocked" | "expired")) => Final(given_up(text(event, "/status"))),
        ("bounce", _) => Final(bounced(text(event, "/status"))),
        ("dropped", _) => Final(held_back(text(event, "/status"))),
        ("spamreport", _) => Final(complained(None)),
        (
            "processed"
            | "deferred"
            | "open"
            | "click"
            | "unsubscribe"
            | "group_unsubscribe"
            | "group_resubscribe"
            | "account_status_change",
            _,
        ) => Meaning::Nothing,
        _ => Meaning::unknown(kind),
    }
}
