//! Accounts as stored before version 2: the credential, an order to change it and a hash from another system had
//! records of their own. They are read together, and written as one at the account's next change.

use serde::Deserialize;

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::credential::{Credential, SetBy};
use crate::model::id::AccountId;
use crate::model::password_hash::PasswordHash;
use crate::ports::{KeyValue, Unavailable};
use crate::store::keys::{self, AnyKey};
use crate::store::record;

#[derive(Deserialize)]
struct LegacyCredential {
    hash: PasswordHash,
    set_at: Timestamp,
    set_by: SetBy,
    must_change: bool,
    expires_at: Option<Timestamp>,
    epoch: u64,
    account_number: i64,
}

/// An administrator's decision whether the password must be changed. It applies while the credential has the epoch
/// `about`.
#[derive(Deserialize)]
struct LegacyOrder {
    about: u64,
    required: bool,
    epoch: u64,
}

/// A hash from another system, or a newer hash of the same password. It applies while the credential has the
/// fingerprint `of`.
#[derive(Deserialize)]
struct LegacyHash {
    of: PasswordHash,
    hash: PasswordHash,
}

/// The account, completed from its separate records.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn complete(
    store: &impl KeyValue,
    mut account: Account,
) -> Result<Account, Unavailable> {
    account.is_legacy = true;
    let id = &account.id;
    let keys = (
        keys::legacy_credential(id),
        keys::legacy_change_order(id),
        keys::legacy_imported_hash(id),
    );
    let (credential, order, beside) = futures::join!(
        record::find::<LegacyCredential>(store, &keys.0),
        record::find::<LegacyOrder>(store, &keys.1),
        record::find::<LegacyHash>(store, &keys.2),
    );
    let (order, beside) = (order?, beside?);
    // One that was written while its account was being deleted is not the password of a new account with the same id.
    let Some(stored) = credential?.filter(|it| it.account_number == account.number) else {
        return Ok(account);
    };
    let order = order.filter(|order| order.about == stored.epoch);
    let hash = beside
        .filter(|beside| beside.of == stored.hash.fingerprint())
        .map_or(stored.hash, |beside| beside.hash);
    account.epoch = account
        .epoch
        .max(stored.epoch)
        .max(order.as_ref().map_or(0, |order| order.epoch));
    account.credential = Some(Credential {
        hash,
        set_at: stored.set_at,
        set_by: stored.set_by,
        must_change: order.map_or(stored.must_change, |order| order.required),
        expires_at: stored.expires_at,
        ignores_blanks: false,
        epoch: stored.epoch,
    });
    Ok(account)
}

/// The keys of an account's separate records, which need not exist.
pub(super) fn keys_of(id: &AccountId) -> [AnyKey; 4] {
    [
        keys::legacy_credential(id).into(),
        keys::legacy_imported_hash(id).into(),
        keys::legacy_change_order(id).into(),
        keys::legacy_epoch(id).into(),
    ]
}
