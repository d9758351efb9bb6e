//! Mailgun, in the United States or the European Union:
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages>,
//! errors: <https://documentation.mailgun.com/docs/mailgun/api-reference/mg-error-codes>.
//!
//! The sending domain is part of the path: it is the sender's, unless the key is written as `domain:key`. Mailgun has
//! no idempotency keys.
//!
//! Webhooks: <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>, signed as
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks> says: HMAC-SHA-256 over
//! timestamp and token, which stand in the body, but not over the rest of it.

use ::http::{HeaderMap, Request};
use base16ct::lower::encode_string;
use base64ct::{Base64, Encoding};
use form_urlencoded::Serializer;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::mail::api::reports::{about, bounced, complained, delivered, text};
use crate::mail::api::{
    AUTO_SUBMITTED, Answer, EMAIL_ID, EmailProvider, Handover, OutboundMail, Unusable,
    WebhookReader, json, post,
};
#[cfg(test)]
use crate::mail::providers::tests::Example;
use crate::model::email::DeliveryReport;
use crate::model::email_address::EmailAddress;
use crate::model::timestamp::Timestamp;

/// Maximum age of a signature, in seconds. Retries continue for eight hours, possibly with the first signature, and the
/// documentation advises not to be strict.
const MAX_AGE: u64 = 9 * 3_600;
/// Maximum lead of the sender's clock, in seconds.
const MAX_AHEAD: u64 = 300;
/// The fewest characters of a signing key. Mailgun's have 32.
const MIN_KEY: usize = 16;

/// Mailgun in the United States.
pub(in crate::mail) struct Mailgun;

/// Mailgun in the European Union: another host, and all else alike.
pub(in crate::mail) struct MailgunEu;

impl EmailProvider for Mailgun {
    const NAME: &'static str = "mailgun";
    const ORIGIN: Option<&'static str> = Some("https://api.mailgun.net");

    /// A key, or `domain:key`. Keys have no form that is promised, but no colon.
    fn is_key(key: &str) -> bool {
        match key.split_once(':') {
            // A domain is what may follow the @ of an address.
            Some((domain, key)) => {
                EmailAddress::parse(&format!("a@{domain}")).is_ok()
                    && !key.is_empty()
                    && !key.contains(':')
            }
            None => true,
        }
    }

    fn request(mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
        let OutboundMail {
            settings,
            message,
            email_id,
            ..
        } = *mail;
        let (domain, key) = match settings.api_key.split_once(':') {
            Some(parts) => parts,
            None => (
                settings.sender().1.split_once('@')?.1,
                settings.api_key.as_str(),
            ),
        };
        let (name, value) = AUTO_SUBMITTED;
        let body = Serializer::new(String::new())
            .append_pair("from", &settings.mailbox())
            .append_pair("to", &message.to)
            .append_pair("subject", &message.subject)
            .append_pair("text", &message.text)
            .append_pair("html", &message.html)
            .append_pair(&format!("h:{name}"), value)
            .append_pair(&format!("v:{EMAIL_ID}"), email_id.as_str())
            .append_pair("o:tracking", "no")
            .append_pair("o:tracking-clicks", "no")
            .append_pair("o:tracking-opens", "no")
            .finish();
        let credentials = Base64::encode_string(format!("api:{key}").as_bytes());
        post(
            settings.origin.join(&format!("/v3/{domain}/messages")),
            "application/x-www-form-urlencoded",
            &[("authorization", &format!("Basic {credentials}"))],
            body.into_bytes(),
        )
    }

    fn read_answer(answer: &Answer<'_>) -> Handover {
        // There are no codes. A text names the bad parameter, as in "'from' parameter is not a valid address", or reports a
        // domain that is not verified or of a sandbox's, which only writes to those whom the account lists.
        let message = answer.text("/message").unwrap_or_default();
        let is_bad_sender = message.trim_start_matches('\'').starts_with("from");
        let message = message.to_ascii_lowercase();
        let is_unverified = ["unverified", "not verified", "sandbox"]
            .iter()
            .any(|word| message.contains(word));
        match answer.status() {
            200..=299 => answer.success(),
            400 if is_bad_sender => answer.sender_refused(None),
            403 if is_unverified => answer.sender_refused(None),
            402 => answer.later(None, "the account may not send"),
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
        page: "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages",
        secret: tests::SIGNING_KEY,
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
        ..Mailgun::EXAMPLE
    };
}

/// Webhooks signed with this key.
struct Webhooks(String);

impl Webhooks {
    fn check(&self, webhook: &Value, now: Timestamp) -> Result<(), Unusable> {
        let is_authentic = || {
            let timestamp = text(webhook, "/signature/timestamp")?;
            let token = text(webhook, "/signature/token")?;
            let given = text(webhook, "/signature/signature")?;
            let seconds: u64 = timestamp.parse().ok()?;
            let now = now.unix_seconds();
            let is_recent =
                seconds <= now.saturating_add(MAX_AHEAD) && now <= seconds.saturating_add(MAX_AGE);
            let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
            mac.update(timestamp.as_bytes());
            mac.update(token.as_bytes());
            let right = encode_string(&mac.finalize().into_bytes());
            let is_signed: bool = right.as_bytes().ct_eq(given.as_bytes()).into();
            (is_recent && is_signed).then_some(())
        };
        is_authentic().ok_or(Unusable::NotAuthentic)
    }
}

impl WebhookReader for Webhooks {
    fn read(
        &self,
        _: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<DeliveryReport>, Unusable> {
        // The signature is in the body: what cannot be read is not authentic either.
        let webhook = json(body).map_err(|_| Unusable::NotAuthentic)?;
        self.check(&webhook, now)?;
        Ok(reports(&webhook))
    }
}

fn reports(webhook: &Value) -> Vec<DeliveryReport> {
    let Some(event) = webhook.get("event-data") else {
        return Vec::new();
    };
    let fate = match (text(event, "/event"), text(event, "/severity")) {
        (Some("delivered"), _) => delivered(),
        (Some("failed"), Some("permanent")) => {
            let code = event
                .pointer("/delivery-status/code")
                .and_then(Value::as_u64);
            bounced(code.map(|code| code.to_string()).as_deref())
        }
        (Some("complained"), _) => complained(None),
        _ => return Vec::new(),
    };
    about(event.get("user-variables"), fate)
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests;
