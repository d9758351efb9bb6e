//! Whether the link, the code or the password in an email still works.

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::email::{Email, MailSecret};
use crate::ports::{KeyValue, Unavailable};
use crate::store::{accounts, recoveries};

/// The account of `email`, if `secret`, which is in it, still works. `None` if a newer secret or a credential event has
/// invalidated it, or the account is gone.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_owner(
    store: &impl KeyValue,
    email: &Email,
    secret: &MailSecret,
    now: Timestamp,
) -> Result<Option<Account>, Unavailable> {
    let (account, recovery) = futures::join!(
        accounts::find(store, &email.account_id),
        recoveries::find(store, &email.account_id),
    );
    let recovery = recovery?.unwrap_or_default();
    Ok(account?.filter(|account| match secret {
        MailSecret::Challenge { serial } => recovery
            .live(account.epoch, now)
            .is_some_and(|challenge| challenge.serial == *serial),
        // Requiring a change raises the account's epoch, but leaves the password valid.
        MailSecret::Password { epoch } => account
            .credential
            .as_ref()
            .is_some_and(|credential| credential.epoch == *epoch),
    }))
}
