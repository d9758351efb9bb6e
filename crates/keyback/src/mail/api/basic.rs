//! HTTP Basic credentials (RFC 7617), for providers without signatures, or with ones that cannot be checked here.

use ::http::HeaderMap;
use base64ct::{Base64, Encoding};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::base::timestamp::Timestamp;
use crate::mail::api::{Feedback, Unusable, WebhookReader, json};

/// The fewest characters of a password.
const MIN_PASSWORD: usize = 16;

/// `user:password` in base64, as a request has it.
struct Credentials(String);

impl Credentials {
    /// Visible ASCII with one colon or more, the first of which ends the user's name.
    fn parse(text: &str) -> Option<Self> {
        let (user, password) = text.split_once(':')?;
        let is_good = !user.is_empty()
            && password.len() >= MIN_PASSWORD
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(Base64::encode_string(text.as_bytes())))
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Unusable> {
        let given = headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .map(|(_, credentials)| credentials.trim());
        let is_equal = given.is_some_and(|given| self.0.as_bytes().ct_eq(given.as_bytes()).into());
        is_equal.then_some(()).ok_or(Unusable::NotAuthentic)
    }
}

/// Reads webhooks that have these credentials.
pub(in crate::mail) struct BasicWebhooks {
    credentials: Credentials,
    read_event: fn(&Value) -> Feedback,
}

impl BasicWebhooks {
    /// `None` if `secret` is not `user:password` with at least 16 characters of password.
    pub(in crate::mail) fn reader(
        secret: &str,
        read_event: fn(&Value) -> Feedback,
    ) -> Option<Box<dyn WebhookReader>> {
        let credentials = Credentials::parse(secret)?;
        Some(Box::new(Self {
            credentials,
            read_event,
        }))
    }
}

impl WebhookReader for BasicWebhooks {
    fn read(&self, headers: &HeaderMap, body: &[u8], _: Timestamp) -> Result<Feedback, Unusable> {
        self.credentials.check(headers)?;
        Ok((self.read_event)(&json(body)?))
    }
}

#[cfg(test)]
pub(in crate::mail) mod tests {
    use super::{Base64, Encoding as _};
    use crate::mail::providers::tests::Post;

    pub(in crate::mail) const CREDENTIALS: &str = "provider:0123456789abcdef";

    pub(in crate::mail) fn sign(post: &mut Post) {
        let credentials = Base64::encode_string(CREDENTIALS.as_bytes());
        post.header("authorization", &format!("Basic {credentials}"));
    }
}
