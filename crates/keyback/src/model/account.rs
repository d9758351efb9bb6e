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
    /// Chosen by the portal, or generated.
    pub id: AccountId,
    /// The stored spelling. Mail never goes to the address that a caller typed.
    pub email: EmailAddress,
    /// The language of emails.
    pub locale: Option<Locale>,
    /// A disabled account neither signs in nor recovers.
    pub disabled: bool,
    /// Why it is disabled, if a reason was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_reason: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The credential epoch, started by the last credential event. Anything issued under another one is invalid.
    pub epoch: u64,
    /// Its place in the list of all accounts, from 1.
    pub number: i64,
    /// `None` for an account without a password. Version 1 records store it elsewhere.
    #[serde(default)]
    pub credential: Option<Credential>,
    /// The account that has this address now, so look-ups find it instead. Earlier versions accepted addresses that
    /// differ in case only; of such accounts, the older one gets the mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_taken_by: Option<AccountId>,
    /// When an administrator last lifted its locks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlocked_at: Option<Timestamp>,
    /// When it was last changed; `None` in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// The terms it was indexed under when it was read. A batch that changes them leaves a change for the directory.
    #[serde(skip)]
    pub listed: Option<Listing>,
    /// When it was created here, if it was imported with an earlier creation time from elsewhere. Its epochs are
    /// counted from this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_at: Option<Timestamp>,
    /// Whether it was read from records of the previous layout, which are deleted when it is rewritten.
    #[serde(skip)]
    pub is_legacy: bool,
}

impl Account {
    /// Stands in for an account that does not exist, so that both cost the same. No account has its id.
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

    /// The epoch that event number `sequence` starts, if it is a credential event: the creation time in seconds plus
    /// that number. An account that reuses a deleted account's id therefore shares no epoch with it. It is
    /// kept above the current epoch, since epochs had their own counter in the previous layout.
    #[must_use]
    pub fn epoch_at(&self, sequence: i64) -> u64 {
        let sequence = u64::try_from(sequence).unwrap_or_default();
        let begun = self.imported_at.unwrap_or(self.created_at);
        let counted = begun.unix_seconds().saturating_add(sequence);
        counted.max(self.epoch.saturating_add(1))
    }

    /// The key under which wrong passwords are counted. A new epoch starts a new count, and so does lifting the locks.
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
    /// The terms it can be found by, as it is now.
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
