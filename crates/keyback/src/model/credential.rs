//! The credential: the hash of a password, when it was set and by whom.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::password::{Password, PasswordHash};

/// An account's password, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// A PHC string of Keyback's own argon2id, or the hash that the account was imported with.
    pub hash: PasswordHash,
    /// When it was set.
    pub set_at: Timestamp,
    /// Shown by the API; it affects no decision.
    pub set_by: SetBy,
    /// Whether the user must choose another one at the next sign-in.
    pub must_change: bool,
    /// The password is refused from this time on; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Whether leading and trailing blanks in the input are ignored. Set if somebody else chose the password: it is
    /// likely to be copied, and it has none itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_blanks: bool,
    /// The epoch that began when it was set. Requiring a change raises the account's epoch, not this one.
    pub epoch: u64,
}

/// Who set a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SetBy {
    /// The user.
    User,
    /// An administrator, through the API.
    Administrator,
}

impl SetBy {
    /// The word in the HTTP contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "administrator",
        }
    }
}

impl Credential {
    /// The password meant by a text typed for it.
    #[must_use]
    pub fn read(&self, typed: &Password) -> Password {
        if self.ignores_blanks {
            typed.without_blanks_around()
        } else {
            typed.clone()
        }
    }

    /// Whether the password has stopped working by `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }
}
