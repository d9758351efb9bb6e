//! Mailgun, in the United States or the European Union:
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages>,
//! errors: <https://documentation.mailgun.com/docs/mailgun/api-reference/mg-error-codes>.
//!
//! The sending domain is part of the path: the domain of the sender, unless the key is written as `domain:key`. Mailgun
//! has no idempotency keys.
//!
//! Webhooks: <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>, signed as in
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>: HMAC-SHA-256 over the
//! timestamp and the token in the body, but not over the rest of it. So each signature is remembered with the body that
//! it first came with.

use ::http::{HeaderMap, Request};
use base16ct::lower::encode_string;
use base64ct::{Base64, Encoding};
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::base::timestamp::Timestamp;
use crate::mail::api::reports::Meaning::{self, Final};
use crate::mail::api::reports::{bounced, complained, delivered, given_up, held_back, text};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, DetachedProof, EMAIL_ID, EmailProvider, Feedback, Handover, OpenedMail,
    OutboundMail, Unusable, WebhookReader, json, post,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;
use crate::model::email_address::EmailAddress;

/// Maximum age of a signature, in seconds. Retries continue for eight hours, possibly with the first signature, and the
/// documentation advises not to be strict.
const MAX_AGE: u64 = 9 * 3_600;
/// Maximum lead of the sender's clock, in seconds.
const MAX_AHEAD: u64 = 300;
/// The fewest characters of a signing key. Mailgun's have 32.
const MIN_KEY: usize = 16;

/// Mailgun in the United States.
pub(in crate::mail) struct Mailgun;

/// Mailgun in the European Union: the same, on another host.
pub(in crate::mail) struct MailgunEu;

impl EmailProvider for Mailgun {
    const NAME: &'static str = "mailgun";
    const ORIGIN: Option<&'static str> = Some("https://api.mailgun.net");

    /// A key, or `domain:key`. The format of keys is not documented, but they contain no colon.
    fn is_key(key: &str) -> bool {
        match key.split_once(':') {
            // A domain must be valid after the @ of an address.
            Some((domain, key)) => {
                EmailAddress::parse_ascii(&format!("a@{domain}")).is_ok()
                    && !key.is_empty()
                    && !key.contains(':')
            }
            None => true,
        }
    }

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail { settings, mail, .. } = *mail;
        let OpenedMail {
            email_id, message, ..
        } = mail;
        let (domain, key) = match settings.api_key.split_once(':') {
            Some(parts) => parts,
            None => (
                settings.from.parts().1.split_once('@')?.1,
                settings.api_key.as_str(),
            ),
        };
        let (name, value) = AUTO_SUBMITTED;
        let mut body = Serializer::new(String::new());
        body.append_pair("from", &settings.from.to_string())
            .append_pair("to", &message.to)
            .append_pair("subject", &message.subject)
            .append_pair("text", &message.text)
            .append_pair("html", &message.html)
            .append_pair(&format!("h:{name}"), value)
            .append_pair(&format!("v:{EMAIL_ID}"), email_id.as_str())
            .append_pair("o:tracking", "no")
            .append_pair("o:tracking-clicks", "no")
            .append_pair("o:tracking-opens", "no");
        if let Some(reply_to) = &settings.reply_to {
            body.append_pair("h:Reply-To", &reply_to.to_string());
        }
        let credentials = Base64::encode_string(format!("api:{key}").as_bytes());
        post(
            settings.origin.join(&format!("/v3/{domain}/messages")),
            "application/x-www-form-urlencoded",
            &[("authorization", &format!("Basic {credentials}"))],
            body.finish().into_bytes(),
        )
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        // There are no codes. The text names the bad parameter, as in "'from' parameter is not a valid address", or
        // reports an unverified domain, or a sandbox domain, which only writes to recipients on the account's list.
        let message = answer.text("/message").unwrap_or_default();
        let is_bad_sender = message.trim_start_matches('\'').starts_with("from");
        let message = message.to_ascii_lowercase();
        let is_unverified = ["unverified", "not verified", "sandbox"]
            .iter()
            .any(|word| message.contains(word));
        // Not only 429: a domain that has reached its limit is "not allowed to send: recipient limit exceeded".
        let is_at_limit = message.contains("limit exceeded");
        match answer.status() {
            200..=299 => answer.success(),
            402 | 403 | 420 if is_at_limit => answer.throttled(None),
            400 if is_bad_sender => answer.sender_refused(None),
            403 if is_unverified => answer.sender_refused(None),
            402 => answer.later(None, "the account is not allowed to send"),
            _ => answer.by_status(None),
        }
    }

    /// The account's HTTP webhook signing key.
    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        let is_good = secret.len() >= MIN_KEY && secret.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Box::new(Webhooks(secret.to_owned())) as Box<dyn WebhookReader>)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "key-123",
        bad_keys: &["a b", ":key", "b.test:", "b:c:d"],
        page: "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages",
        secret: tests::SIGNING_KEY,
        bad_secret: "0123456789abcde",
        sign: tests::sign,
    };
}

impl EmailProvider for MailgunEu {
    const NAME: &'static str = "mailgun-eu";
    const ORIGIN: Option<&'static str> = Some("https://api.eu.mailgun.net");

    fn is_key(key: &str) -> bool {
        Mailgun::is_key(key)
    }

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        Mailgun::request(mail)
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        Mailgun::read_answer(answer)
    }

    fn webhook(secret: &str) -> Option<Box<dyn WebhookReader>> {
        Mailgun::webhook(secret)
    }

    #[cfg(test)]
    const EXAMPLE: Example = Example {
        key: "mg.example.test:key-123",
        bad_keys: &["https://b:key"],
        bad_secret: "0123456789 abcdef",
        ..Mailgun::EXAMPLE
    };
}

/// Webhooks signed with this key.
struct Webhooks(String);

impl Webhooks {
    /// The signature, if it is valid.
    fn check(&self, webhook: &Value, now: Timestamp) -> Result<DetachedProof, Unusable> {
        let proof = || {
            let timestamp = text(webhook, "/signature/timestamp")?;
            let token = text(webhook, "/signature/token")?;
            let given = text(webhook, "/signature/signature")?;
            let seconds: u64 = timestamp.parse().ok()?;
            let last = seconds.saturating_add(MAX_AGE);
            let now = now.unix_seconds();
            let is_recent = seconds <= now.saturating_add(MAX_AHEAD) && now <= last;
            let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
            mac.update(timestamp.as_bytes());
            mac.update(token.as_bytes());
            let right = encode_string(&mac.finalize().into_bytes());
            let is_signed: bool = right.as_bytes().ct_eq(given.as_bytes()).into();
            let end = last.saturating_add(1).saturating_mul(1000);
            (is_recent && is_signed).then(|| DetachedProof {
                signature: right,
                expires_at: Timestamp::from_unix_millis(end),
            })
        };
        proof().ok_or(Unusable::NotAuthentic)
    }
}

impl WebhookReader for Webhooks {
    fn read(&self, _: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Feedback, Unusable> {
        // The signature is in the body, so an unreadable body is not authentic either.
        let webhook = json(body).map_err(|_| Unusable::NotAuthentic)?;
        let proof = self.check(&webhook, now)?;
        let event = webhook.get("event-data").unwrap_or(&Value::Null);
        Ok(Feedback {
            proof: Some(proof),
            ..meaning(event).about_mail_of(event.get("user-variables"))
        })
    }
}

/// By <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure>.
fn meaning(event: &Value) -> Meaning {
    let kind = text(event, "/event");
    match kind.unwrap_or_default() {
        "delivered" => Final(delivered()),
        "failed" => of_failure(event),
        "rejected" => Final(held_back(None)),
        "complained" => Final(complained(None)),
        "accepted"
        | "stored"
        | "opened"
        | "clicked"
        | "unsubscribed"
        | "list_uploaded"
        | "list_member_uploaded"
        | "list_member_upload_error"
        | "email_validation" => Meaning::Nothing,
        _ => Meaning::unknown(kind),
    }
}

fn of_failure(event: &Value) -> Meaning {
    let code = event
        .pointer("/delivery-status/code")
        .and_then(Value::as_u64);
    let text_of_code = code.map(|code| code.to_string());
    let shown = text_of_code.as_deref();
    let reason = text(event, "/reason").unwrap_or_default();
    match (text(event, "/severity"), code) {
        // Mailgun's own codes: it does not send to recipients who bounced, unsubscribed or complained before.
        (_, Some(605..=607)) => Final(held_back(shown)),
        _ if reason.starts_with("suppress-") => Final(held_back(shown)),
        // The last of many tries. Its severity may be "temporary".
        _ if reason == "old" => Final(given_up(shown)),
        (Some("permanent"), _) => Final(bounced(shown)),
        (Some("temporary"), _) => Meaning::Nothing,
        _ => Meaning::unknown(Some("failed")),
    }
}

#[cfg(test)]
mod tests;
