//! The work after a request that sends no email: the same calls to the store as for sending one and for telling the
//! portal about it.

use crate::courier::pauses::Pauses;
use crate::model::event::EventPlace;
use crate::model::id::AccountId;
use crate::ports::{Env, Unavailable};
use crate::store::agenda::ReservedEntry;
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::{accounts, event_log, outbox, recoveries};

/// Reads what sending an email reads, pauses for as long, and writes the rest of the entry.
///
/// # Errors
/// [`Unavailable`] of the store; the task is tried again.
pub(in crate::courier) async fn deliver<E: Env>(
    cx: &mut Cx<'_, E>,
    entry: ReservedEntry,
    pauses: Pauses,
) -> Result<ReservedEntry, Unavailable> {
    let store = cx.store();
    outbox::imitate_find(store).await?;
    let placeholder = AccountId::placeholder();
    let (account, recovery) = futures::join!(
        accounts::find(store, &placeholder),
        recoveries::find(store, &placeholder),
    );
    account?;
    recovery?;
    pauses.during(cx.env, async {}).await;
    let mut batch = Batch::going_on_with(entry.clone());
    outbox::imitate_replace(&mut batch)?;
    let committed = batch.number(cx).await?.write(cx).await?;
    Ok(committed.entry.unwrap_or(entry))
}

/// Reads what sending an event to the portal reads, and pauses for as long.
///
/// # Errors
/// [`Unavailable`] of the store; the task is tried again.
pub(in crate::courier) async fn notify<E: Env>(
    cx: &Cx<'_, E>,
    pauses: Pauses,
) -> Result<(), Unavailable> {
    let store = cx.store();
    let place = EventPlace {
        account_id: AccountId::placeholder(),
        sequence: 1,
    };
    event_log::find(store, &place).await?;
    accounts::find(store, &place.account_id).await?;
    pauses.during(cx.env, async {}).await;
    Ok(())
}
