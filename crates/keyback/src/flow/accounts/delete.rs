//! Deleting an account.

use std::time::Duration;

use crate::flow::events::Caller;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Clock, Env, Unavailable};
use crate::store::accounts;
use crate::store::batch::Batch;
use crate::store::cx::Cx;

/// When the last of the account's events is gone, and the clock has passed every epoch that it had.
const EVENTS_GONE: Duration = Duration::from_hours(91 * 24);

/// Deletes the account with all that makes it work: nothing issued for it is good any more, for an account created anew
/// under the same id or address neither. Its events, and their counter, stay until they expire. Whether there was such an
/// account.
///
/// # Errors
/// [`Unavailable`]; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    id: &AccountId,
    by: &Caller,
) -> Result<bool, Unavailable> {
    let held = accounts::lease(cx, id).await?;
    let Some(account) = accounts::find(cx.store(), id).await? else {
        return Ok(false);
    };
    let mut batch = Batch::default();
    // An account created anew under this id goes on counting from here, and shares no epoch with this one.
    batch.event(by.event(cx, EventType::AccountDeleted, id, None)?);
    // In case that a crash comes before the deletion below.
    batch.task(AgendaTask::Erase {
        account_id: id.clone(),
        number: account.number,
    });
    let forget = AgendaTask::ForgetAccount {
        account_id: id.clone(),
    };
    batch.task_at(cx.now.plus(EVENTS_GONE), forget);
    held.check(cx.env.clock().now())?;
    batch.commit(cx).await?;
    accounts::erase(cx.env, id, account.number, held).await?;
    Ok(true)
}
