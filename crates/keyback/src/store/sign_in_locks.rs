//! Accounts that refuse sign-ins after too many wrong passwords.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::keyring::{KeyUse, Keyring};
use crate::ports::{Env, KeyValue, Unavailable};
use crate::store::agenda::Expiring;
use crate::store::cx::Cx;
use crate::store::keys::{self, Key};
use crate::store::record;

/// That sign-ins to an account are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInLock {
    /// Until when.
    pub until: Timestamp,
    /// Whether to every network, and not only to those that gave the wrong passwords.
    pub for_all: bool,
}

/// The lock of `subject` that still holds at `now`. It takes the same call for a subject that does not exist.
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

/// Notes the lock of `subject`. It goes when it ends.
///
/// # Errors
/// [`Unavailable`] of the store.
pub async fn note<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    subject: &str,
    lock: SignInLock,
) -> Result<(), Unavailable> {
    let key = key(keyring, subject);
    cx.deferred.expiring.push(Expiring {
        at: lock.until,
        keys: vec![key.as_str().to_owned()],
    });
    let write = (key, record::encode(&lock)?);
    cx.store().set_many(vec![write]).await
}

/// The store does not tell who is locked.
fn key(keyring: &Keyring, subject: &str) -> Key {
    let digest = keyring.digest(KeyUse::Clients, &[b"sign-in-lock", subject.as_bytes()]);
    keys::sign_in_lock(digest.as_name())
}
