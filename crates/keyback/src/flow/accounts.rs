//! Finding accounts.

use serde::{Deserialize, Serialize};

use crate::model::account::{Account, credential_epoch};
use crate::model::credential::Credential;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::ports::{KeyValue, Outage};
use crate::store::{keys, record};

/// What stands under an address's digest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EmailIndex {
    pub(super) account_id: AccountId,
}

/// An account with its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountWithCredential {
    /// The account.
    pub account: Account,
    /// Its password, if it has one.
    pub credential: Option<Credential>,
}

impl AccountWithCredential {
    /// The current credential epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        credential_epoch(&self.account, self.credential.as_ref())
    }
}

/// The account with this id.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find_by_id(
    store: &impl KeyValue,
    id: &AccountId,
) -> Result<Option<AccountWithCredential>, Outage> {
    let (account_key, credential_key) = (keys::account(id), keys::credential(id));
    let (account, credential) = futures::join!(
        record::find(store, &account_key),
        record::find(store, &credential_key),
    );
    let credential = credential?;
    Ok(account?.map(|account| AccountWithCredential {
        account,
        credential,
    }))
}

/// The account with this address. An address that nobody has takes the same calls to the store.
///
/// # Errors
/// [`Outage`] of the store.
pub async fn find_by_email(
    store: &impl KeyValue,
    email: &EmailAddress,
) -> Result<Option<AccountWithCredential>, Outage> {
    let index: Option<EmailIndex> = record::find(store, &keys::email(&email.digest())).await?;
    let id = index.map_or_else(AccountId::nobodys, |index| index.account_id);
    let found = find_by_id(store, &id).await?;
    // The account itself has the last word about its address.
    Ok(found.filter(|found| found.account.email == *email))
}
