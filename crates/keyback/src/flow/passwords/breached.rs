//! Looking for a right password among breached ones, once its sign-in is answered.

use crate::breach;
use crate::model::event::{Event, EventType};
use crate::model::id::EventId;
use crate::model::limit::Limit;
use crate::model::log_line::LogLine;
use crate::ports::{Env, Log, Unavailable};
use crate::store::accounts;
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::{BreachQuestion, Cx};
use crate::store::lease::Lease;
use crate::store::limiter::{self, NamedLimit};

/// How often the list is asked about one account. Its answer changes over months.
const ONCE_A_DAY: NamedLimit = NamedLimit {
    name: "breach-check",
    limit: Limit::new(1, 86_400),
};

const REASON: &str = "the password is known from a data breach";

/// Whether the list is to be asked: it was not yet on this day (UTC), for this account. That it is asked is counted before,
/// and the count goes when the day is over.
///
/// # Errors
/// [`Unavailable`] of the store; then it is not asked.
pub(crate) async fn is_due<E: Env>(
    cx: &mut Cx<'_, E>,
    question: &BreachQuestion,
) -> Result<bool, Unavailable> {
    let subject = question.account_id.as_str().as_bytes();
    let keyring = &question.keyring;
    // Reading first, so that all other sign-ins of the day change nothing.
    if limiter::is_counted(cx, keyring, ONCE_A_DAY, subject).await? {
        return Ok(false);
    }
    let counted = limiter::count_subject(cx, keyring, ONCE_A_DAY, subject).await?;
    Ok(counted.exceeded.is_none())
}

/// Asks the list, and has a breached password changed at the next sign-in. Without an answer nothing is changed.
///
/// # Errors
/// [`Unavailable`]; then a change may be required or not.
pub(crate) async fn ask<E: Env>(
    cx: &mut Cx<'_, E>,
    question: BreachQuestion,
) -> Result<(), Unavailable> {
    match breach::is_breached(cx.env, &question.list, &question.password).await {
        Ok(true) => require_change(cx, &question).await,
        Ok(false) => Ok(()),
        Err(reason) => {
            cx.env.log().write(&LogLine::BreachListNotAsked { reason });
            Ok(())
        }
    }
}

/// Requires the change, unless anything was decided about the password since it was found right. Sessions go on: the
/// answer to this sign-in has promised one.
async fn require_change<E: Env>(
    cx: &mut Cx<'_, E>,
    question: &BreachQuestion,
) -> Result<(), Unavailable> {
    let (env, id) = (cx.env, &question.account_id);
    Lease::with(env, &accounts::lease_name(id), async |held| {
        let found = accounts::find(env.store(), id).await?;
        let Some(mut account) = found.filter(|account| account.epoch == question.epoch) else {
            return Ok(());
        };
        let credential = account.credential.as_mut();
        let Some(credential) = credential.filter(|it| !it.must_change) else {
            return Ok(());
        };
        credential.must_change = true;
        let mut batch = Batch::default();
        for kind in [
            EventType::PasswordBreached,
            EventType::PasswordChangeRequired,
        ] {
            let event_id = EventId::generate(env.random())?;
            let reason = REASON.to_owned();
            batch.event(Event::by_system(event_id, kind, id.clone(), reason, cx.now));
        }
        batch.account(account, Epoch::Keep);
        batch.under(held);
        batch.commit(cx).await.map(drop)
    })
    .await
}
