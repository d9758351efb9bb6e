//! Identifiers that are public: they find things and prove nothing.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use crate::ports::{Outage, SecureRandom};

/// The bytes of randomness in a generated identifier: 128 bits, so that none is ever drawn twice.
pub const GENERATED_BYTES: usize = 16;

fn is_well_formed(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 letters, digits, hyphens or underscores")]
pub struct InvalidId;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses 1 to 64 characters of `[A-Za-z0-9_-]`.
            ///
            /// # Errors
            /// [`InvalidId`] for anything else; the error does not repeat the input.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                if is_well_formed(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
            }

            /// Draws a new identifier of 128 random bits: 22 characters of base64url.
            ///
            /// # Errors
            /// [`Outage::Random`] when there is no randomness.
            pub fn generate(random: &impl SecureRandom) -> Result<Self, Outage> {
                let mut bytes = [0; GENERATED_BYTES];
                random.fill(&mut bytes)?;
                Ok(Self(Base64UrlUnpadded::encode_string(&bytes)))
            }

            /// The id as in the contract and in keys.
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
    /// Names an account. Chosen by the portal or drawn by Keyback.
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

impl AccountId {
    /// An id that no account can have, since ids contain no dot. It is looked up in place of an unknown account's.
    #[must_use]
    pub fn placeholder() -> Self {
        Self(".".to_owned())
    }
}

impl EventId {
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
        assert!(AccountId::parse("a_B-9").is_ok());
        assert!(AccountId::parse(&"a".repeat(64)).is_ok());
        for bad in ["", "a b", "ü", "a/b", "a:b", &"a".repeat(65)] {
            assert_eq!(AccountId::parse(bad), Err(InvalidId), "{bad}");
        }
    }
}
