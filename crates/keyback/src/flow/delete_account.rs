//! Deleting an account.

use std::time::Duration;

use crate::flow::accounts;
use crate::flow::afterwards::Afterwards;
use crate::flow::caller::{Caller, note};
use crate::model::agenda_task::AgendaTask;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::agenda;
use crate::store::keys::{self, AnyKey};

/// When the last of the account's events is gone, and the clock has passed every epoch that it had.
const EVENTS_GONE: Duration = Duration::from_hours(91 * 24);

/// Deletes the account with all that makes it work: nothing issued for it is good any more, for an account created anew
/// under the same id or address neither. Its events, and the counter of its epochs, stay until they expire. `None` if
/// there is no such account.
///
/// # Errors
/// [`Outage`]; the call can be repeated.
pub async fn run<E: Env>(
    env: &E,
    id: &AccountId,
    by: &Caller,
) -> Result<Option<Afterwards>, Outage> {
    accounts::alone(env, delete(env, id, by)).await
}

async fn delete<E: Env>(
    env: &E,
    id: &AccountId,
    by: &Caller,
) -> Result<Option<Afterwards>, Outage> {
    let store = env.store();
    let Some(found) = accounts::find_by_id(store, id).await? else {
        return Ok(None);
    };
    let account = &found.account;
    let task = AgendaTask::ForgetEvents {
        account_id: id.clone(),
    };
    let due_at = env.clock().now().plus(EVENTS_GONE);
    // An account created anew under this id goes on counting from here, and shares no epoch with this one.
    accounts::next_epoch(store, account).await?;
    let event = by.event(env, EventType::AccountDeleted, id, None)?;
    let (entry, mut writes) = note(env, vec![event]).await?;
    writes.extend(agenda::place(store, due_at, task).await?.writes);
    store.set_many(writes).await?;
    let mut gone = password(id);
    gone.extend([
        keys::account(id).into(),
        keys::email(&account.email.digest()).into(),
        keys::account_at(account.number).into(),
        keys::recovery(id).into(),
    ]);
    store.delete_many(gone).await?;
    Ok(Some(Afterwards::work(entry)))
}

/// Where an account's password stands.
fn password(id: &AccountId) -> Vec<AnyKey> {
    vec![
        keys::credential(id).into(),
        keys::imported_hash(id).into(),
        keys::change_order(id).into(),
    ]
}

/// Deletes the counters of a deleted account's events and epochs, and what a reset that was under way wrote after the
/// deletion, unless there is such an account again.
///
/// # Errors
/// [`Outage`].
pub(super) async fn forget_events<E: Env>(env: &E, id: &AccountId) -> Result<(), Outage> {
    let store = env.store();
    let forgotten = async {
        if !store.exists(&keys::account(id).into()).await? {
            let mut gone = password(id);
            gone.extend([keys::events(id).into(), keys::epoch(id).into()]);
            store.delete_many(gone).await?;
        }
        Ok(())
    };
    accounts::alone(env, forgotten).await
}
