//! Accounts that refuse sign-ins after too many wrong passwords.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::id::AccountId;
use crate::model::keyring::{KeyUse, Keyring};
use crate::ports::{Env, KeyValue, Unavailable};
use crate::store::agenda::Expiring;
use crate::store::cx::Cx;
use crate::store::keys::{self, Key};
use crate::store::record;
use crate::store::{accounts, draw, read_counter};

/// How many locks are read, the newest first.
const MOST: i64 = 1_000;
/// How many of them concurrently.
const AT_ONCE: i64 = 50;

/// A lock that refuses sign-ins to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInLock {
    /// The end of the hour in which the limit was reached.
    pub until: Timestamp,
    /// Whether it applies to every network, and not only to those that gave the wrong passwords.
    pub for_all: bool,
}

/// The lock of `subject` that still applies at `now`. It takes the same call for a subject that does not exist.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find(
    store: &impl KeyValue,
    keyring: &Keyring,
    subject: &str,
    now: Timestamp,
) -> Result<Option<SignInLock>, Unavailable> {
    let found: Option<SignInLock> = record::find(store, &key(keyring, subject)).await?;
    Ok(found.filter(|lock| now < lock.until))
}

/// Records the lock of `subject`, and that it belongs to the account `id`, or to none. Both are deleted when it ends.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn note<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    id: &AccountId,
    subject: &str,
    lock: SignInLock,
) -> Result<(), Unavailable> {
    let key = key(keyring, subject);
    let number = draw(cx.store(), &keys::locks(), 1).await?;
    let locked = keys::locked_at(number);
    cx.deferred.expiring.push(Expiring {
        at: lock.until,
        keys: vec![key.as_str().to_owned(), locked.as_str().to_owned()],
    });
    let whose = Locked {
        account_id: id.clone(),
    };
    let writes = vec![
        (key, record::encode(&lock)?),
        (locked, record::encode(&whose)?),
    ];
    cx.store().set_many(writes).await
}

/// The account that a lock belongs to.
#[derive(Debug, Serialize, Deserialize)]
struct Locked {
    account_id: AccountId,
}

/// The accounts that are locked at `now`. Only the last thousand locks are considered.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn find_locked(
    store: &impl KeyValue,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Vec<Account>, Unavailable> {
    let last = read_counter(store, &keys::locks()).await?;
    let mut next = last;
    let mut ids = BTreeSet::new();
    while next > 0 && next > last.saturating_sub(MOST) {
        let oldest = next.saturating_sub(AT_ONCE).saturating_add(1).max(1);
        let numbers = oldest..=next;
        let found = numbers
            .map(async |number| record::find::<Locked>(store, &keys::locked_at(number)).await);
        let mut any = false;
        for locked in futures::future::join_all(found).await {
            let locked = locked?;
            any |= locked.is_some();
            ids.extend(locked.map(|it| it.account_id));
        }
        // All locks last equally long, so those before a run of places without any have ended.
        if !any {
            break;
        }
        next = oldest.saturating_sub(1);
    }
    let locked = ids.iter().map(async |id| {
        let Some(account) = accounts::find(store, id).await? else {
            return Ok(None);
        };
        let lock = find(store, keyring, &account.sign_in_subject(), now).await?;
        Ok(lock.map(|_| account))
    });
    let locked: Result<Vec<_>, Unavailable> = futures::future::join_all(locked)
        .await
        .into_iter()
        .collect();
    Ok(locked?.into_iter().flatten().collect())
}

/// The store does not reveal who is locked.
fn key(keyring: &Keyring, subject: &str) -> Key {
    let digest = keyring.digest(KeyUse::Clients, &[b"sign-in-lock", subject.as_bytes()]);
    keys::sign_in_lock(digest.as_name())
}
