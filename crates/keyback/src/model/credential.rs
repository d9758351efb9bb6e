//! Credentials.

use serde::{Deserialize, Serialize};

use crate::model::password::PasswordHash;
use crate::model::timestamp::Timestamp;

/// An account's password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// The password's hash.
    pub hash: PasswordHash,
    /// When it was set.
    pub set_at: Timestamp,
    /// By whom.
    pub set_by: SetBy,
    /// Whether the user must choose another one at the next sign-in.
    pub must_change: bool,
    /// From when on it is refused; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// The credential epoch that setting it began. Requiring a change raises the account's epoch, not this one.
    pub epoch: u64,
}

/// Who set a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetBy {
    /// The user, by a recovery.
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
    /// Whether the password has stopped working by `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }
}
