//! Mailgun: <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>, signed as
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks> says: HMAC-SHA-256 over
//! timestamp and token, which stand in the body, but not over the rest of it.

use base16ct::lower::encode_string;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{Feedback, Unusable, about, bounced, complained, delivered, text};
use crate::model::timestamp::Timestamp;

/// How old a signature may be, in seconds. Retries go on for eight hours, whether each is signed anew is not documented,
/// and the documentation asks not to be strict.
const MAX_AGE: u64 = 9 * 3_600;
/// How far ahead the sender's clock may be, in seconds.
const MAX_AHEAD: u64 = 300;
/// The fewest characters of a signing key. Mailgun's have 32.
const MIN_KEY: usize = 16;

/// The account's HTTP webhook signing key.
#[derive(Clone)]
pub(super) struct SigningKey(String);

impl SigningKey {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_good = text.len() >= MIN_KEY && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(text.to_owned()))
    }

    pub(super) fn check(&self, webhook: &Value, now: Timestamp) -> Result<(), Unusable> {
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

pub(super) fn read(webhook: &Value) -> Vec<Feedback> {
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
