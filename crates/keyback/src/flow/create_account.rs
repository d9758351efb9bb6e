//! Creating an account.

use crate::flow::accounts::{AccountWithCredential, EmailIndex};
use crate::model::account::Account;
use crate::model::credential::{Credential, SetBy};
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::{PasswordPolicy, PasswordViolation};
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::lease::Lease;
use crate::store::{keys, record};

/// The account to create.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its address.
    pub email: EmailAddress,
    /// Its id; drawn if none is given.
    pub id: Option<AccountId>,
    /// Its password, if it has one already.
    pub password: Option<InitialPassword>,
    /// The language of its mails.
    pub locale: Option<Locale>,
    /// Whether the user must choose another password at the next sign-in.
    pub change_on_next_sign_in: bool,
}

/// A password to begin with.
#[derive(Debug, Clone)]
pub enum InitialPassword {
    /// In clear; the policy judges it.
    Clear(Password),
    /// Hashed elsewhere.
    Hashed(PasswordHash),
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// The id or the address is another account's.
    #[error("the id or the address is taken")]
    Taken,
    /// The policy refuses the password.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>),
    /// Something outside failed.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Creates the account.
///
/// # Errors
/// As [`CreateAccountError`] says; then nothing was stored.
pub async fn run<E: Env>(
    env: &E,
    policy: &PasswordPolicy,
    draft: Draft,
) -> Result<AccountWithCredential, CreateAccountError> {
    let hash = match draft.password {
        None => None,
        Some(InitialPassword::Hashed(hash)) => Some(hash),
        Some(InitialPassword::Clear(password)) => {
            let violations = policy.violations(&password, &draft.email);
            if !violations.is_empty() {
                return Err(CreateAccountError::PasswordRejected(violations));
            }
            Some(password.hash(env.random())?)
        }
    };
    let id = draft
        .id
        .map_or_else(|| AccountId::generate(env.random()), Ok)?;

    // Two leases in a fixed order, address first: nobody else creates either in between.
    let store = env.store();
    let email_digest = draft.email.digest();
    let email_lease = Lease::wait(env, &format!("email.{email_digest}")).await?;
    let id_lease = Lease::wait(env, &format!("account.{id}")).await?;
    let now = env.clock().now();

    let (email_key, account_key) = (keys::email(&email_digest), keys::account(&id));
    let (by_email, by_id) = futures::join!(store.get(&email_key), store.get(&account_key));
    let created = if by_email?.is_some() || by_id?.is_some() {
        Err(CreateAccountError::Taken)
    } else {
        // Counted on from the clock: an account created anew under an old id never repeats an old epoch.
        let start = i64::try_from(now.unix_seconds()).unwrap_or(i64::MAX);
        let epoch = next_epoch(env, &id, start).await?;
        let account = Account {
            id: id.clone(),
            email: draft.email,
            locale: draft.locale,
            disabled: false,
            created_at: now,
            epoch,
        };
        let credential = hash.map(|hash| Credential {
            hash,
            set_at: now,
            set_by: SetBy::Administrator,
            must_change: draft.change_on_next_sign_in,
            expires_at: None,
            epoch,
        });
        let mut writes = vec![
            (account_key, record::encode(&account)?),
            (
                email_key,
                record::encode(&EmailIndex {
                    account_id: id.clone(),
                })?,
            ),
        ];
        if let Some(credential) = &credential {
            writes.push((keys::credential(&id), record::encode(credential)?));
        }
        store.set_many(writes).await?;
        Ok(AccountWithCredential {
            account,
            credential,
        })
    };
    id_lease.release(store, env.clock().now()).await?;
    email_lease.release(store, env.clock().now()).await?;
    created
}

/// Draws the account's next credential epoch.
pub(super) async fn next_epoch<E: Env>(env: &E, id: &AccountId, step: i64) -> Result<u64, Outage> {
    let epoch = env.store().increment(&keys::epoch(id), step).await?;
    u64::try_from(epoch).map_err(|_| Outage::Record("a negative epoch"))
}
