//! The account: one user, with the credential.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::credential::Credential;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::listing::{AccountState, Listing};
use crate::model::locale::Locale;

/// One user, with the password if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Chosen by the portal, or drawn.
    pub id: AccountId,
    /// The stored spelling. Mail never goes to the address that a caller typed.
    pub email: EmailAddress,
    /// The language of mails.
    pub locale: Option<Locale>,
    /// A disabled account neither signs in nor recovers.
    pub disabled: bool,
    /// Why it is disabled, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_reason: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The credential epoch, which the last credential event began. Anything issued under another one is invalid.
    pub epoch: u64,
    /// Its place in the list of all accounts, from 1.
    pub number: i64,
    /// `None` for an account without a password. Records of version 1 have it elsewhere.
    #[serde(default)]
    pub credential: Option<Credential>,
    /// The account that the address finds instead of this one. Earlier versions let two accounts have addresses that differ
    /// in case only; of those, the older one has the mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_taken_by: Option<AccountId>,
    /// When an administrator last lifted its locks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocked_at: Option<Timestamp>,
    /// When it was last changed; `None` in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What it was found by when it was read. A batch that changes that leaves a change for the directory.
    #[serde(skip)]
    pub listed: Option<Listing>,
    /// When it was created here, if it was imported with the time of its creation elsewhere. Its epochs are counted from
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<Timestamp>,
    /// Whether it was read from records of the layout before this one, which are deleted when it is rewritten.
    #[serde(skip)]
    pub is_legacy: bool,
}

impl Account {
    /// A placeholder for an account that does not exist, so that both cost the same. No account has its id.
    #[must_use]
    pub fn placeholder(email: EmailAddress) -> Self {
        Self {
            id: AccountId::placeholder(),
            email,
            locale: None,
            disabled: false,
            disable_reason: None,
            created_at: Timestamp::from_unix_millis(0),
            epoch: 0,
            number: 0,
            credential: None,
            email_taken_by: None,
            unlocked_at: None,
            updated_at: None,
            listed: None,
            imported_at: None,
            is_legacy: false,
        }
    }

    /// The epoch that the account's event number `sequence` begins, if that is a credential event: the second of the
    /// creation plus that number. An account created later under the id of a deleted one shares no epoch with it. It is
    /// always above the present one: in the layout before, epochs had their own counter.
    #[must_use]
    pub fn epoch_at(&self, sequence: i64) -> u64 {
        let sequence = u64::try_from(sequence).unwrap_or_default();
        let begun = self.imported_at.unwrap_or(self.created_at);
        let counted = begun.unix_seconds().saturating_add(sequence);
        counted.max(self.epoch.saturating_add(1))
    }

    /// What its wrong passwords are counted by. A new epoch begins a new count, and so does lifting its locks.
    #[must_use]
    pub fn sign_in_subject(&self) -> String {
        let Self { id, epoch, .. } = self;
        match self.unlocked_at {
            None => format!("{id} {epoch}"),
            Some(at) => format!("{id} {epoch} {}", at.unix_millis()),
        }
    }

    /// Whether the password must be changed at the next sign-in.
    #[must_use]
    pub fn must_change(&self) -> bool {
        let credential = self.credential.as_ref();
        credential.is_some_and(|credential| credential.must_change)
    }
    /// What it is found by, as it is now.
    #[must_use]
    pub fn listing(&self) -> Listing {
        Listing {
            id: self.id.clone(),
            address: self.email.folded(),
            state: AccountState {
                disabled: self.disabled,
                no_password: self.credential.is_none(),
                must_change: self.must_change(),
            },
        }
    }
}
