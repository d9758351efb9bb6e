//! Accounts.

use serde::{Deserialize, Serialize};

use crate::model::credential::Credential;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::timestamp::Timestamp;

/// One user, with the password if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Chosen by the portal, or drawn.
    pub id: AccountId,
    /// Where mail goes.
    pub email: EmailAddress,
    /// The language of mails.
    pub locale: Option<Locale>,
    /// A disabled account neither signs in nor recovers.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// The credential epoch: that of the last credential event. What was issued under another one is dead.
    pub epoch: u64,
    /// Its place in the list of all accounts, from 1.
    pub number: i64,
    /// Its password.
    #[serde(default)]
    pub credential: Option<Credential>,
    /// Whether it was read from records of the layout before this one, which go once it is written anew.
    #[serde(skip)]
    pub is_legacy: bool,
}

impl Account {
    /// What is looked up in place of an account that nobody has. No account has this id.
    #[must_use]
    pub fn placeholder(email: EmailAddress) -> Self {
        Self {
            id: AccountId::placeholder(),
            email,
            locale: None,
            disabled: false,
            created_at: Timestamp::from_unix_millis(0),
            epoch: 0,
            number: 0,
            credential: None,
            is_legacy: false,
        }
    }

    /// The epoch that the account's event number `sequence` begins, if that is a credential event. It counts on from the
    /// second of the creation: an account created anew under the id of a deleted one shares no epoch with it. It is above
    /// the present one in any case: in the layout before this one, epochs had a counter of their own.
    #[must_use]
    pub fn epoch_at(&self, sequence: i64) -> u64 {
        let sequence = u64::try_from(sequence).unwrap_or_default();
        let counted = self.created_at.unix_seconds().saturating_add(sequence);
        counted.max(self.epoch.saturating_add(1))
    }

    /// Whether the password must be changed at the next sign-in.
    #[must_use]
    pub fn must_change(&self) -> bool {
        let credential = self.credential.as_ref();
        credential.is_some_and(|credential| credential.must_change)
    }
}
