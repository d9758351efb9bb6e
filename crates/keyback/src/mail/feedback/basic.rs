//! HTTP Basic credentials (RFC 7617), for providers that sign nothing or not in a way that can be checked here.

use ::http::HeaderMap;
use base64ct::{Base64, Encoding};
use subtle::ConstantTimeEq as _;

use super::Unusable;

/// The fewest characters of a password.
const MIN_PASSWORD: usize = 16;

/// `user:password` in base64, as a request has it.
#[derive(Clone)]
pub(super) struct Credentials(String);

impl Credentials {
    /// Visible ASCII with one colon or more, the first of which ends the user's name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (user, password) = text.split_once(':')?;
        let is_good = !user.is_empty()
            && password.len() >= MIN_PASSWORD
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_good.then(|| Self(Base64::encode_string(text.as_bytes())))
    }

    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Unusable> {
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
