//! Accounts.

use serde::{Deserialize, Serialize};

use crate::model::credential::Credential;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::timestamp::Timestamp;

/// One user. The password stands in a [`Credential`] of its own, so that changing the one never writes the other.
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
}

/// The current credential epoch: the latest of those at which the account and its credential were written. Every
/// credential event draws a new number from the account's counter and writes it into one of the two.
#[must_use]
pub fn credential_epoch(account: &Account, credential: Option<&Credential>) -> u64 {
    account
        .epoch
        .max(credential.map_or(0, |credential| credential.epoch))
}
