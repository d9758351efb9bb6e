//! Creating an account.

use crate::flow::accounts::{self, AccountPointer, AccountWithCredential};
use crate::flow::afterwards::Afterwards;
use crate::flow::caller::{Caller, note};
use crate::flow::judge::judge;
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::credential::{Credential, SetBy};
use crate::model::email_address::EmailAddress;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::PasswordViolation;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::PasswordRules;
use crate::store::keys::{self, Key};
use crate::store::record;

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
    rules: &PasswordRules,
    draft: Draft,
    by: &Caller,
) -> Result<(AccountWithCredential, Afterwards), CreateAccountError> {
    let (hash, checked) = match draft.password {
        None => (None, None),
        Some(InitialPassword::Hashed(hash)) => (Some(hash), None),
        Some(InitialPassword::Clear(password)) => {
            let checked = judge(env, rules, &password, &draft.email)
                .await
                .map_err(CreateAccountError::PasswordRejected)?;
            (Some(password.hash(env.random())?), checked)
        }
    };
    let must_change = draft.change_on_next_sign_in;
    let id = draft
        .id
        .map_or_else(|| AccountId::generate(env.random()), Ok)?;
    let ready = Ready {
        email: draft.email,
        locale: draft.locale,
        id,
        hash,
        checked,
        must_change,
    };
    accounts::alone(env, store(env, ready, by)).await
}

/// A draft whose password was judged and hashed.
struct Ready {
    email: EmailAddress,
    locale: Option<Locale>,
    id: AccountId,
    hash: Option<PasswordHash>,
    checked: Option<BreachCheck>,
    must_change: bool,
}

/// Stores the account, under the lease, if its id and address are free.
async fn store<E: Env>(
    env: &E,
    ready: Ready,
    by: &Caller,
) -> Result<(AccountWithCredential, Afterwards), CreateAccountError> {
    let Ready { email, id, .. } = ready;
    let store = env.store();
    let now = env.clock().now();
    let account_key = keys::account(&id);
    let (email_is_free, by_id) =
        futures::join!(accounts::is_free(store, &email), store.get(&account_key));
    if !email_is_free? || by_id?.is_some() {
        return Err(CreateAccountError::Taken);
    }
    let account = Account {
        epoch: accounts::first_epoch(store, &id, now).await?,
        id,
        email,
        locale: ready.locale,
        disabled: false,
        created_at: now,
        number: store.increment(&keys::accounts(), 1).await?,
    };
    let credential = ready.hash.map(|hash| Credential {
        hash,
        set_at: now,
        set_by: SetBy::Administrator,
        must_change: ready.must_change,
        expires_at: None,
        epoch: account.epoch,
        account_number: account.number,
    });
    let created = AccountWithCredential {
        account,
        credential,
        order: None,
    };
    let event = by.event(env, EventType::AccountCreated, &created.account.id, None)?;
    let (entry, mut writes) = note(env, vec![event.checked(ready.checked)]).await?;
    writes.extend(records(&created)?);
    store.set_many(writes).await?;
    Ok((created, Afterwards::work(entry)))
}

/// All records of a new account.
pub(super) fn records(created: &AccountWithCredential) -> Result<Vec<(Key, Vec<u8>)>, Outage> {
    let AccountWithCredential {
        account,
        credential,
        ..
    } = created;
    let index = AccountPointer {
        account_id: account.id.clone(),
    };
    let index = record::encode(&index)?;
    let mut writes = vec![
        (keys::account(&account.id), record::encode(account)?),
        (keys::email(&account.email.digest()), index.clone()),
        (keys::account_at(account.number), index),
    ];
    if let Some(credential) = credential.clone() {
        let (credential, imported) = credential.set_apart();
        writes.push((keys::credential(&account.id), record::encode(&credential)?));
        if let Some(imported) = imported {
            writes.push((keys::imported_hash(&account.id), record::encode(&imported)?));
            writes.push((keys::foreign_hashes(), b"{\"v\":1}".to_vec()));
        }
    }
    Ok(writes)
}
