//! What follows a request that brings no mail: the calls that delivering one costs the store.

use crate::courier::pauses::Pauses;
use crate::model::id::AccountId;
use crate::ports::{Env, Outage};
use crate::store::agenda::ReservedEntry;
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::{accounts, outbox, recoveries};

/// Reads what delivering reads, pauses for as long, and writes what is left of the entry.
///
/// # Errors
/// [`Outage`] of the store; it is done again.
pub(in crate::courier) async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    entry: ReservedEntry,
    pauses: Pauses,
) -> Result<ReservedEntry, Outage> {
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
