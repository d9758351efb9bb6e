//! Accounts.

use serde::{Deserialize, Serialize};

use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::timestamp::Timestamp;

/// One user. The password stands in a
/// [`Credential`](crate::model::credential::Credential) of its own, so that changing the one never writes the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who.
    pub id: AccountId,
    /// Where mail goes.
    pub email: EmailAddress,
    /// The language of mails.
    pub locale: Option<Locale>,
    /// A disabled account neither signs in nor recovers.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// The credential epoch at the last change of the account itself.
    pub epoch: u64,
    /// Its place in the list of all accounts, from 1.
    pub number: i64,
}

impl Account {
    /// The epoch that the account's `count`th credential event begins.
    #[must_use]
    pub fn epoch_after(&self, count: i64) -> u64 {
        Self::epoch_at(self.created_at, count)
    }

    /// The epoch after `count` credential events of whoever had the id, for an account created at `created_at`. It counts
    /// on from the second of the creation: the counter of an account that was deleted long ago is gone, and the clock
    /// has passed its epochs since.
    #[must_use]
    pub fn epoch_at(created_at: Timestamp, count: i64) -> u64 {
        let count = u64::try_from(count).unwrap_or_default();
        created_at.unix_seconds().saturating_add(count)
    }
}
