//! Migrates the addresses of a store of an earlier, case-sensitive version: each account gets an index under its folded
//! address, and loses the one under its spelling.
//!
//! Two accounts may have addresses that differ in case only. The older one then owns the mailbox. The other is reported
//! by an event, a log line and its own record, and can still be used by its id.

use crate::model::account::Account;
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, EventId};
use crate::model::log_line::LogLine;
use crate::ports::{Clock, Env, Log, PAUSE, Unavailable};
use crate::store::accounts::{self, Folding};
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;
use crate::store::lease::{Held, Lease};

/// How many accounts are read at the same time, and after how many the progress is stored.
const CHUNK: i64 = 100;
/// How often an address may change its owner meanwhile before the account is left to a later run.
const TRIES: u32 = 3;

/// Resumes where the last run ended, for at most `most` accounts, and until `is_over`. Once all is done, a run costs
/// one read, and one for each account whose address is still taken. Two concurrent runs do the work twice, each account
/// under its lease.
///
/// # Errors
/// [`Unavailable`] of the store. The next run resumes there.
pub async fn run<E: Env>(
    env: &E,
    most: i64,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
    let store = env.store();
    let mut folding = Folding::load(store).await?;
    folding.forget_settled(store).await?;
    let stop = folding.settled.saturating_add(most).min(folding.last);
    while folding.settled < stop && !is_over() {
        for (number, found) in folding.next(store, CHUNK).await {
            match found {
                Ok(Some(account)) => {
                    let named = fold(env, &account).await?;
                    let taken = account.email_taken_by.is_some().then_some(account.id);
                    taken
                        .into_iter()
                        .chain(named)
                        .for_each(|id| folding.note_taken(id));
                }
                Ok(None) => {}
                // An unreadable account cannot be found by any address, and must not stop the others.
                Err(outage @ Unavailable::Record(_)) => {
                    env.log().write(&LogLine::WorkFailed { outage });
                }
                Err(outage) => return Err(outage),
            }
            folding.settled = number;
        }
        folding.save(store).await?;
        env.clock().sleep(PAUSE).await;
    }
    Ok(())
}

/// Folds the address of one account. Idempotent. Returns the account that had to be reported, if any.
async fn fold<E: Env>(env: &E, account: &Account) -> Result<Option<AccountId>, Unavailable> {
    if account.email.digest_as_spelled().is_none() {
        return Ok(None);
    }
    let mut cx = Cx::new(env).await;
    for _ in 0..TRIES {
        let owner = accounts::find_owner(cx.store(), &account.email).await?;
        let owner = owner.map_or_else(|| account.id.clone(), |owner| owner.id);
        let mut names = vec![
            accounts::address_lease_name(&account.email),
            accounts::lease_name(&account.id),
        ];
        if owner != account.id {
            names.push(accounts::lease_name(&owner));
        }
        let held = Lease::acquire_all(&mut cx, &names).await?;
        let settled = settle(&mut cx, held, account, &owner).await;
        let leases = std::mem::take(&mut cx.deferred.leases);
        Lease::release_all(cx.store(), leases, env.clock().now()).await;
        if let Settled::Done { named } = settled? {
            return Ok(named);
        }
    }
    Err(Unavailable::Store(
        "timed out waiting for an address".to_owned(),
    ))
}

/// The result of one try.
enum Settled {
    /// The mailbox has its owner.
    Done { named: Option<AccountId> },
    /// Another account owns it now.
    Moved,
}

/// Gives the mailbox to the older of the account and its `owner`, under the leases on both.
async fn settle<E: Env>(
    cx: &mut Cx<'_, E>,
    held: Held,
    seen: &Account,
    owner: &AccountId,
) -> Result<Settled, Unavailable> {
    let store = cx.store();
    let (found, owned_by) = futures::join!(
        accounts::find(store, &seen.id),
        accounts::find_owner(store, &seen.email),
    );
    let found = found?.filter(|it| it.number == seen.number && it.email == seen.email);
    let Some(account) = found else {
        // It was deleted or has moved meanwhile, and its indexes with it.
        return Ok(Settled::Done { named: None });
    };
    let rival = owned_by?.filter(|it| it.id != account.id);
    if rival.as_ref().is_some_and(|rival| rival.id != *owner) {
        return Ok(Settled::Moved);
    }
    let mut named = None;
    if account.email_taken_by.is_none() {
        let mut batch = Batch::default();
        let line = match rival {
            None => {
                batch.address(&account)?;
                None
            }
            Some(rival) if rival.number < account.number => {
                named = Some(account.id.clone());
                Some(name(cx, &mut batch, account.clone(), &rival)?)
            }
            Some(rival) => {
                batch.address(&account)?;
                named = Some(rival.id.clone());
                Some(name(cx, &mut batch, rival, &account)?)
            }
        };
        batch.under(held);
        batch.commit(cx).await?;
        if let Some(line) = line {
            cx.env.log().write(&line);
        }
    }
    // Last: if it fails, the address is found anyway, and the next run retries.
    accounts::forget_spelling(store, &account.email).await?;
    Ok(Settled::Done { named })
}

/// Reports that `account` cannot be found by its address, which belongs to `owner`.
fn name<E: Env>(
    cx: &Cx<'_, E>,
    batch: &mut Batch,
    mut account: Account,
    owner: &Account,
) -> Result<LogLine, Unavailable> {
    batch.event(Event::by_system(
        EventId::generate(cx.env.random())?,
        EventType::EmailTaken,
        account.id.clone(),
        format!(
            "the address belongs to the account {}, which was created earlier",
            owner.id
        ),
        cx.now,
    ));
    let line = LogLine::EmailTaken {
        account_id: account.id.clone(),
        owner_id: owner.id.clone(),
    };
    account.email_taken_by = Some(owner.id.clone());
    batch.account(account, Epoch::Keep);
    Ok(line)
}
