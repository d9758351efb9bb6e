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
    /// The epoch that the account's `count`th credential event begins. It counts on from the second of the account's
    /// creation, so that an account created anew under an old id never repeats an old epoch.
    #[must_use]
    pub fn epoch_after(&self, count: i64) -> u64 {
        let count = u64::try_from(count).unwrap_or_default();
        self.created_at.unix_seconds().saturating_add(count)
    }
}
