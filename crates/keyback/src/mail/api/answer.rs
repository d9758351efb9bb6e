//! A provider's answer, and its default meaning.

use std::time::Duration;

use ::http::Response;
use serde_json::Value;

use crate::base::timestamp::Timestamp;
use crate::mail::api::Handover;
use crate::model::retry_after::retry_after;

/// The longest code that is repeated in a reason.
const CODE_OCTETS: usize = 40;

/// `code` if it looks like one. It comes from outside and might be anything, even an address, and reasons are shown.
pub(in crate::mail) fn plain_code(code: &str) -> Option<&str> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.');
    let is_code = (1..=CODE_OCTETS).contains(&code.len()) && code.chars().all(is_plain);
    is_code.then_some(code)
}

/// A complete answer of a provider's API.
pub(in crate::mail) struct Answer<'a> {
    provider: &'static str,
    response: &'a Response<Vec<u8>>,
    /// The time of arrival, to resolve a `Retry-After` date.
    now: Timestamp,
    /// Null if the body is no JSON.
    body: Value,
}

impl<'a> Answer<'a> {
    pub(in crate::mail) fn new(
        provider: &'static str,
        response: &'a Response<Vec<u8>>,
        now: Timestamp,
    ) -> Self {
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Self {
            provider,
            response,
            now,
            body,
        }
    }

    pub(in crate::mail) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(in crate::mail) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The value in the body at a JSON Pointer (RFC 6901).
    pub(in crate::mail) fn member(&self, pointer: &str) -> Option<&Value> {
        self.body.pointer(pointer)
    }

    /// The string in the body at a JSON Pointer, if there is one.
    pub(in crate::mail) fn text(&self, pointer: &str) -> Option<&str> {
        self.member(pointer)?.as_str()
    }

    /// A success: accepted if the body is empty or a JSON object. Anything else comes from another server (a proxy's or
    /// a parked domain's page), and the email would be lost. No more is required: an acknowledged email must not be
    /// sent again.
    pub(in crate::mail) fn success(&self) -> Handover {
        if self.body.is_object() || self.response.body().is_empty() {
            Handover::Accepted
        } else {
            self.later(None, "not a response from its API: check the origin")
        }
    }

    /// This email is permanently rejected.
    pub(in crate::mail) fn refused(&self, code: Option<&str>, why: &str) -> Handover {
        Handover::Refused {
            reason: self.reason(code, why),
        }
    }

    /// This email is permanently rejected because of its sender.
    pub(in crate::mail) fn sender_refused(&self, code: Option<&str>) -> Handover {
        Handover::SenderRefused {
            reason: self.reason(code, "the sender is not accepted"),
        }
    }

    /// To be retried, after the time that `Retry-After` asks for.
    pub(in crate::mail) fn later(&self, code: Option<&str>, why: &str) -> Handover {
        Handover::TryLater {
            reason: self.reason(code, why),
            after: self.wait(),
        }
    }

    /// The provider is called too often, or the account has reached a limit.
    pub(in crate::mail) fn throttled(&self, code: Option<&str>) -> Handover {
        self.throttled_since(code, "too many requests")
    }

    fn throttled_since(&self, code: Option<&str>, why: &str) -> Handover {
        Handover::Throttled {
            reason: self.reason(code, why),
            after: self.wait(),
        }
    }

    /// The result by the status alone. Only 400, 413 and 422 are about the email; anything else is temporary, or the
    /// operator can fix it. 429 (RFC 6585 §4), and a service that knows when it will be available again (RFC 9110
    /// §15.6.4), are about the provider.
    pub(in crate::mail) fn by_status(&self, code: Option<&str>) -> Handover {
        match self.status() {
            400 | 413 | 422 => self.refused(code, "it rejected this email"),
            401 => self.later(code, "the key is not accepted"),
            403 => self.later(code, "the key is not allowed to send"),
            404 | 405 => self.later(
                code,
                "not found at this origin: check the origin and the sender",
            ),
            429 => self.throttled(code),
            503 | 529 if self.wait().is_some() => self.throttled_since(code, "not available now"),
            300..=399 => self.later(code, "redirects are not followed"),
            _ => self.later(code, "try again later"),
        }
    }

    fn reason(&self, code: Option<&str>, why: &str) -> String {
        let (provider, status) = (self.provider, self.status());
        let code = code.and_then(plain_code).unwrap_or_default();
        let separator = if code.is_empty() { "" } else { " " };
        format!("{provider} answered {status}{separator}{code}: {why}")
    }

    /// How long the provider asks us to wait.
    fn wait(&self) -> Option<Duration> {
        retry_after(self.response.headers(), self.now)
    }
}
