//! Deleting records that must be checked before they are deleted.

use crate::courier::report::CourierRun;
use crate::model::agenda_task::AgendaTask;
use crate::ports::{Env, Unavailable};
use crate::store::agenda::DueTask;
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::lease::Lease;
use crate::store::{accounts, recoveries};

/// Does `task`, if it is of this kind. Returns the task to do later in its place, if any.
///
/// # Errors
/// [`Unavailable`]; the task is tried again.
pub(in crate::courier) async fn run<E: Env>(
    env: &E,
    task: &AgendaTask,
    run: &CourierRun,
) -> Result<Option<DueTask>, Unavailable> {
    match task {
        AgendaTask::ForgetRecovery {
            account_id,
            attempts_day,
        } => {
            let rules = &run.issuing(env.variables()).await?.rules;
            let day = recoveries::forget(env, account_id, *attempts_day, rules).await?;
            return Ok(day.map(|day| recoveries::forget_after(account_id.clone(), day)));
        }
        AgendaTask::ForgetAddress { digest } => {
            let name = accounts::address_lease_of(digest);
            Lease::with(env, &name, async |held| {
                accounts::forget_address(env, digest, held).await
            })
            .await
        }
        AgendaTask::Erase { account_id, number } => {
            let name = accounts::lease_name(account_id);
            Lease::with(env, &name, async |held| {
                let found = accounts::find(env.store(), account_id).await?;
                if let Some(account) = found.filter(|account| account.number == *number) {
                    // It may have been changed, and so listed again, since its deletion was recorded.
                    let mut cx = Cx::new(env).await;
                    let mut batch = Batch::default();
                    batch.unlist(&account);
                    batch.under(held);
                    batch.commit(&mut cx).await?;
                }
                accounts::erase(env, account_id, *number, held).await
            })
            .await
        }
        AgendaTask::ForgetAccount { account_id } => {
            let name = accounts::lease_name(account_id);
            Lease::with(env, &name, async |held| {
                accounts::forget(env, account_id, held).await
            })
            .await
        }
        AgendaTask::Recover { .. }
        | AgendaTask::Imitate
        | AgendaTask::Deliver { .. }
        | AgendaTask::Notify { .. } => Ok(()),
    }
    .map(|()| None)
}
