//! Identifiers that are public: they find things and prove nothing.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use crate::base::random::SecureRandom;
use crate::base::unavailable::Unavailable;

/// The bytes of randomness in a generated identifier: 128 bits, so that none is ever drawn twice.
pub const GENERATED_BYTES: usize = 16;
/// The longest id of an account, in characters.
const MAX_ACCOUNT_ID: usize = 128;

pub(super) fn is_well_formed(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_account_id(text: &str) -> bool {
    (1..=MAX_ACCOUNT_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !matches!(text, "." | "..")
}

/// Why a text is no account's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 printable ASCII characters without a space, and not just . or ..")]
pub struct InvalidAccountId;

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 letters, digits, hyphens or underscores")]
pub struct InvalidId;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        // It becomes part of a key: what a changed record holds in its place is refused.
        identifier!(@type $(#[$doc])* $name "String");

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_well_formed(&text) { Ok(Self(text)) } else { Err(InvalidId) }
            }
        }

        impl $name {
            /// Parses 1 to 64 characters of `[A-Za-z0-9_-]`.
            ///
            /// # Errors
            /// [`InvalidId`] for anything else; the error does not repeat the input.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_well_formed(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
            }
        }
    };
    (@type $(#[$doc:meta])* $name:ident $($from:literal)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        $(#[serde(try_from = $from)])?
        pub struct $name(String);

        impl $name {
            /// Draws a new identifier of 128 random bits: 22 characters of base64url.
            ///
            /// # Errors
            /// [`Unavailable::Random`] when there is no randomness.
            pub fn generate(random: &impl SecureRandom) -> Result<Self, Unavailable> {
                let mut bytes = [0; GENERATED_BYTES];
                random.fill(&mut bytes)?;
                Ok(Self(Base64UrlUnpadded::encode_string(&bytes)))
            }

            /// The id as in the contract.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    @type
    /// Names an account. Chosen by the portal or drawn by Keyback. It may hold characters that mean something in a URL,
    /// and is never part of a key as it is (`store::keys`).
    AccountId
);
identifier!(
    /// The public name of one recovery request: the `challenge_id` of the HTTP contract.
    ChallengeId
);
identifier!(
    /// Names one challenge inside the store; several recovery requests may be tied to it.
    ChallengeSerial
);
identifier!(
    /// The id of an event. Receivers use it to drop duplicates.
    EventId
);
identifier!(
    /// Names one email in the outbox.
    EmailId
);
identifier!(
    /// Names a job that works on many accounts.
    BulkJobId
);

impl AccountId {
    /// Parses 1 to 128 characters of printable ASCII (0x21 to 0x7e), as other systems' ids are made of. No space: the ends
    /// of a text with one get trimmed on its way, and lines of logs are read by words. Neither `.` nor `..`, which clients
    /// take for steps in a path, however they are encoded (<https://url.spec.whatwg.org/#single-dot-path-segment>).
    ///
    /// # Errors
    /// [`InvalidAccountId`] for anything else; the error does not repeat the input.
    pub fn parse(text: &str) -> Result<Self, InvalidAccountId> {
        if is_account_id(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAccountId)
        }
    }

    /// Whether it is 1 to 64 characters of `[A-Za-z0-9_-]`, as all ids once were.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        is_well_formed(&self.0)
    }

    /// An id that no account can have, since none is a single dot. It is looked up in place of an unknown account's.
    #[must_use]
    pub fn placeholder() -> Self {
        Self(".".to_owned())
    }
}

impl EventId {
    /// The id of the event for the deletion of the account with this number. It is derived from the number, which no other
    /// account ever gets, so that a deletion that is repeated is told once.
    #[must_use]
    pub fn of_deletion(number: i64) -> Self {
        Self(format!("account-{number}-deleted"))
    }

    /// The id of an event that exists once per email and status `what`. It is derived from both, so receivers drop a
    /// repetition.
    #[must_use]
    pub fn of_email(email: &EmailId, what: &str) -> Self {
        Self(format!("{email}-{what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_contract_allows_and_nothing_else() {
        assert!(EmailId::parse("a_B-9").is_ok());
        assert!(EmailId::parse(&"a".repeat(64)).is_ok());
        for bad in ["", "a b", "ü", "a/b", "a:b", ".", &"a".repeat(65)] {
            assert_eq!(EmailId::parse(bad), Err(InvalidId), "{bad}");
        }
    }

    /// Found by fuzzing: it became part of a key that no store takes.
    #[test]
    fn a_record_has_no_other_id_either() {
        let read = |id: &str| serde_json::from_value::<EmailId>(id.into()).ok();
        assert_eq!(read("a_B-9"), EmailId::parse("a_B-9").ok());
        for bad in ["", "a b", "ü", "a/b", "a:b", ".", &"a".repeat(65)] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let written = EmailId::parse("a_B-9").unwrap();
        assert_eq!(serde_json::to_string(&written).unwrap(), r#""a_B-9""#);
    }

    #[test]
    fn an_account_has_any_id_of_printable_ascii() {
        let all: String = ('!'..='~').collect();
        for good in ["a", "auth0|5f7c88", "a.b@c:d+e/f%g#h?i", "...", ".a", &all] {
            assert_eq!(AccountId::parse(good).unwrap().as_str(), good);
        }
        assert!(AccountId::parse(&"|".repeat(128)).is_ok());
        for bad in [
            "",
            ".",
            "..",
            " ",
            "a b",
            " a",
            "a\n",
            "a\u{7f}",
            "ü",
            &"a".repeat(129),
        ] {
            assert_eq!(AccountId::parse(bad), Err(InvalidAccountId), "{bad:?}");
        }
        assert!(AccountId::parse("a_B-9").unwrap().is_plain());
        assert!(!AccountId::parse(&"a".repeat(65)).unwrap().is_plain());
        assert!(!AccountId::placeholder().is_plain());
    }
}
