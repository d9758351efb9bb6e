//! Digests that chain the events, so that a removed, changed or later inserted event is detected.
//!
//! The events of one account form a chain: each has the digest of the one before. All events together form another
//! chain, whose head is signed for each UTC day. `docs/events.md` says how to check both.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base::timestamp::Timestamp;
use crate::model::event::Event;
use crate::model::keyring::Keyring;

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// A SHA-256, written as 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest before the first link of a chain.
    pub const NONE: Self = Self([0; 32]);

    /// The digest of this one, followed by `bytes`.
    #[must_use]
    pub fn followed_by(self, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(bytes);
        Self(hash.finalize().into())
    }

    /// The digest of this one, followed by `other`.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        self.followed_by(&other.0)
    }

    /// In lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        base16ct::lower::encode_string(&self.0)
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::NONE
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        let decoded = base16ct::lower::decode(&text, &mut bytes).map(<[u8]>::len);
        if decoded == Ok(bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(serde::de::Error::custom("no digest"))
        }
    }
}

/// An event's place in the chain of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The digest of the previous event, or [`Digest::NONE`].
    pub previous: Digest,
    /// SHA-256 of the previous digest and of the event as the API shows it.
    pub digest: Digest,
}

impl Link {
    /// The link of the event with this sequence number after `previous`. It digests `previous` and the event as the API
    /// shows it, as JSON without white space and with members sorted by name.
    #[must_use]
    pub fn of(previous: Digest, event: &Event, sequence: i64) -> Self {
        Self {
            previous,
            digest: previous.followed_by(canonical(event, sequence).as_bytes()),
        }
    }
}

fn canonical(event: &Event, sequence: i64) -> String {
    // Its members are sorted: `Map` is a tree.
    Value::Object(event.shown(sequence)).to_string()
}

/// A UTC day, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(u64);

impl Day {
    /// The day of a time.
    #[must_use]
    pub const fn of(time: Timestamp) -> Self {
        Self(time.unix_millis() / DAY_MILLIS)
    }

    /// When it is over.
    #[must_use]
    pub const fn end(self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.saturating_add(1).saturating_mul(DAY_MILLIS))
    }

    /// The day `days` later.
    #[must_use]
    pub const fn plus(self, days: u64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The day `days` earlier.
    #[must_use]
    pub const fn minus(self, days: u64) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// Days since 1970-01-01 in UTC.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// As in RFC 3339, such as `2026-11-28`.
    #[must_use]
    pub fn date(self) -> String {
        let start = Timestamp::from_unix_millis(self.0.saturating_mul(DAY_MILLIS)).rfc3339();
        start.split('T').next().unwrap_or_default().to_owned()
    }
}

/// The head of the chain over all events, at the end of a day, or so far if the day is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The day on which its events were added to the chain.
    pub day: Day,
    /// How many events were added on that day.
    pub count: u64,
    /// The digest after the day's last event. Each digest covers the previous digest and the event's own digest.
    pub digest: Digest,
    /// The digest before the day's first event, which is the previous day's last.
    pub previous: Digest,
    /// The Ed25519 signature of [`Head::text`], in base64url.
    pub signature: String,
    /// The id of the key.
    pub key: String,
}

impl Head {
    /// A day's head without events.
    #[must_use]
    pub fn begin(day: Day, previous: Digest, keyring: &Keyring) -> Self {
        let mut head = Self {
            day,
            count: 0,
            digest: previous,
            previous,
            signature: String::new(),
            key: String::new(),
        };
        head.sign(keyring);
        head
    }

    /// Adds an event. The head must then be signed again.
    pub fn add(&mut self, event: Digest) {
        self.count = self.count.saturating_add(1);
        self.digest = self.digest.joined(event);
    }

    /// Signs it as it is now.
    pub fn sign(&mut self, keyring: &Keyring) {
        let (key, signature) = keyring.sign_head(self.text().as_bytes());
        (self.key, self.signature) = (key, signature);
    }

    /// The text that is signed: five lines, the first of which identifies the format.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "keyback events v1\n{}\n{}\n{}\n{}\n",
            self.day.date(),
            self.count,
            self.digest.hex(),
            self.previous.hex(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{Actor, AuthenticatedBy, EventType};
    use crate::model::id::{AccountId, EventId};
    use serde_json::json;

    fn event(audit_context: Value) -> Event {
        Event {
            id: EventId::parse("e1").unwrap(),
            kind: EventType::AccountCreated,
            account_id: AccountId::parse("ann|7").unwrap(),
            at: Timestamp::from_unix_millis(1_795_424_400_987),
            actor: Actor::Administrator {
                id: "portal".to_owned(),
                authenticated_by: Some(AuthenticatedBy::Jwt),
                audit_context: Some(audit_context),
            },
            from: Some("203.0.*.*".to_owned()),
            reason: Some("\u{1}\u{7f} \"ü\" \\ /".to_owned()),
            email: None,
            breach_check: None,
        }
    }

    #[test]
    fn a_digest_is_of_the_one_before_and_of_the_event_with_its_members_sorted() {
        let text = concat!(
            r#"{"actor":{"audit_context":{"a":1.5e+300,"z":[0.1]},"authenticated_by":"jwt","id":"portal","#,
            r#""kind":"administrator"},"at":"2026-11-23T09:00:00Z","email":null,"from":"203.0.*.*","id":"e1","#,
            r#""reason":"\u0001"#,
            "\u{7f}",
            r#" \"ü\" \\ /","sequence":3,"type":"account.created","user_id":"ann|7"}"#,
        );
        let event = event(json!({"z": [0.1], "a": 1.5e300}));
        assert_eq!(canonical(&event, 3), text);
        let first = Link::of(Digest::NONE, &event, 3);
        assert_eq!(first.digest, Digest::NONE.followed_by(text.as_bytes()));
        let second = Link::of(first.digest, &event, 3);
        assert_eq!(second.previous, first.digest);
        assert_ne!(second.digest, first.digest);
    }

    #[test]
    fn an_event_that_was_stored_has_the_same_digest() {
        for context in [
            json!(1.000_000_000_000_000_2),
            json!(5e-324),
            json!(123_456_789.123_456_78),
            json!(u64::MAX),
            json!(-1e-7),
            json!({"b": {"d": 1, "c": 2}, "a": null}),
        ] {
            let event = event(context);
            let stored = serde_json::to_vec(&event).unwrap();
            let read: Event = serde_json::from_slice(&stored).unwrap();
            let digest = |event| Link::of(Digest::NONE, event, 1).digest;
            assert_eq!(digest(&read), digest(&event));
        }
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_in_utc() {
        let day = Day::of(Timestamp::from_unix_millis(1_795_424_400_987));
        assert_eq!(day.date(), "2026-11-23");
        assert_eq!(day.end().rfc3339(), "2026-11-24T00:00:00Z");
        assert_eq!(Day::of(day.end()), day.plus(1));
    }
}
