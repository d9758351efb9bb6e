//! Deleting an account.

use std::time::Duration;

use crate::flow::accounts;
use crate::model::agenda_task::AgendaTask;
use crate::model::id::AccountId;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::store::agenda;
use crate::store::keys;

/// When the last of the account's events is gone, and the clock has passed every epoch that it had.
const EVENTS_GONE: Duration = Duration::from_hours(91 * 24);

/// Deletes the account with all that makes it work: nothing issued for it is good any more, for an account created anew
/// under the same id or address neither. Its events, and the counter of its epochs, stay until they expire. `false` if
/// there is no such account.
///
/// # Errors
/// [`Outage`]; the call can be repeated.
pub async fn run<E: Env>(env: &E, id: &AccountId) -> Result<bool, Outage> {
    let store = env.store();
    let lease = accounts::lease(env).await?;
    let deleted = delete(env, id).await;
    lease.release(store, env.clock().now()).await;
    deleted
}

async fn delete<E: Env>(env: &E, id: &AccountId) -> Result<bool, Outage> {
    let store = env.store();
    let found = accounts::find_by_id(store, id).await?;
    if let Some(found) = &found {
        let account = &found.account;
        let task = AgendaTask::ForgetEvents {
            account_id: id.clone(),
        };
        let due_at = env.clock().now().plus(EVENTS_GONE);
        store
            .set_many(agenda::place(store, due_at, task).await?.writes)
            .await?;
        store
            .delete_many(vec![
                keys::account(id).into(),
                keys::credential(id).into(),
                keys::imported_hash(id).into(),
                keys::change_order(id).into(),
                keys::email(&account.email.digest()).into(),
                keys::account_at(account.number).into(),
                keys::recovery(id).into(),
            ])
            .await?;
    }
    Ok(found.is_some())
}

/// Deletes the counters of a deleted account's events and epochs, unless there is such an account again.
///
/// # Errors
/// [`Outage`].
pub(super) async fn forget_events<E: Env>(env: &E, id: &AccountId) -> Result<(), Outage> {
    let store = env.store();
    let lease = accounts::lease(env).await?;
    if !store.exists(&keys::account(id).into()).await? {
        let counters = vec![keys::events(id).into(), keys::epoch(id).into()];
        store.delete_many(counters).await?;
    }
    lease.release(store, env.clock().now()).await;
    Ok(())
}
