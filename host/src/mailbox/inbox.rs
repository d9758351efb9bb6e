//! The emails of the mailbox, in memory.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http::StatusCode;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::email::{Email, Refusal};

/// How many emails are kept; older ones are dropped.
pub(super) const MOST_MESSAGES: usize = 200;
/// How many idempotency keys are remembered, whether or not their emails are still there.
const MOST_KEYS: usize = 1000;

/// The emails and the idempotency keys, oldest first.
#[derive(Default)]
pub(super) struct Inbox {
    messages: VecDeque<Message>,
    keys: VecDeque<UsedKey>,
}

struct UsedKey {
    key: String,
    id: String,
    digest: u64,
}

/// A received email.
#[derive(Serialize)]
pub(super) struct Message {
    id: String,
    received_at: String,
    /// The provider whose API was called.
    provider: &'static str,
    #[serde(flatten)]
    email: Email,
}

impl Inbox {
    /// Stores an email and returns its id. A repeated idempotency key returns the first email's id.
    ///
    /// # Errors
    /// When the key was used with another email.
    pub(super) fn accept(
        &mut self,
        email: Email,
        idempotency_key: Option<String>,
        provider: &'static str,
    ) -> Result<String, Refusal> {
        let digest = digest(&email);
        let used = idempotency_key
            .as_ref()
            .and_then(|key| self.keys.iter().find(|used| used.key == *key));
        if let Some(used) = used {
            return if used.digest == digest {
                Ok(used.id.clone())
            } else {
                let message = "This idempotency key was used with another request body.";
                Err(Refusal::new(
                    StatusCode::CONFLICT,
                    "invalid_idempotent_request",
                    message,
                ))
            };
        }
        let received_at = now();
        let message = Message {
            id: random_id(),
            received_at,
            provider,
            email,
        };
        let id = message.id.clone();
        if let Some(key) = idempotency_key {
            push_within(
                &mut self.keys,
                UsedKey {
                    key,
                    id: id.clone(),
                    digest,
                },
                MOST_KEYS,
            );
        }
        push_within(&mut self.messages, message, MOST_MESSAGES);
        Ok(id)
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter().rev()
    }

    pub(super) fn clear(&mut self) {
        self.messages.clear();
    }
}

pub(super) fn push_within<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

fn digest(email: &Email) -> u64 {
    let mut hasher = DefaultHasher::new();
    email.hash(&mut hasher);
    hasher.finish()
}

#[expect(clippy::disallowed_methods, reason = "the host is where the clock is")]
pub(super) fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// A random (version 4) UUID.
#[expect(clippy::disallowed_methods, reason = "the host is where randomness is")]
fn random_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    let random = u128::from_be_bytes(bytes);
    let hex = format!(
        "{:032x}",
        random & !(0xf << 76 | 0b11 << 62) | 0x4 << 76 | 0b10 << 62
    );
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_version_4_uuids() {
        let id = super::random_id();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(
            matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'),
            "{id}"
        );
        assert_ne!(id, super::random_id());
    }
}
