//! Requiring, or no longer requiring, that a password be changed at the next sign-in, without setting one.

use crate::flow::accounts;
use crate::flow::afterwards::Afterwards;
use crate::flow::caller::{Caller, note};
use crate::model::credential::ChangeOrder;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Env, KeyValue, Outage};
use crate::store::{keys, record};

/// Why nothing is required.
#[derive(Debug, thiserror::Error)]
pub enum RequireChangeError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// It has no password that could be changed.
    #[error("no password")]
    NoCredential,
    /// Something outside failed.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Gives the order. Requiring a change begins a new credential epoch; giving the order that stands changes nothing.
///
/// # Errors
/// As [`RequireChangeError`] says.
pub async fn run<E: Env>(
    env: &E,
    id: &AccountId,
    required: bool,
    by: &Caller,
) -> Result<Afterwards, RequireChangeError> {
    let store = env.store();
    let found = accounts::find_by_id(store, id)
        .await?
        .ok_or(RequireChangeError::NotFound)?;
    let credential = found
        .credential
        .as_ref()
        .ok_or(RequireChangeError::NoCredential)?;
    if found.must_change() == required {
        return Ok(Afterwards::nothing());
    }
    let epoch = if required {
        accounts::next_epoch(store, &found.account).await?
    } else {
        found.epoch()
    };
    let order = ChangeOrder {
        about: credential.epoch,
        required,
        epoch,
    };
    let kind = if required {
        EventType::PasswordChangeRequired
    } else {
        EventType::PasswordChangeLifted
    };
    let event = by.event(env, kind, id, None)?;
    let (entry, mut writes) = note(env, vec![event]).await?;
    writes.push((keys::change_order(id), record::encode(&order)?));
    store.set_many(writes).await?;
    Ok(Afterwards::work(entry))
}
