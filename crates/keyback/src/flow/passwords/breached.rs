//! Looking for a right password among breached ones, after the sign-in is answered.

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

/// Whether to ask the list: only once a day (UTC) for an account. The question is counted before it is asked; the count
/// expires at the end of the day.
///
/// # Errors
/// [`Unavailable`] of the store; then do not ask.
pub(crate) async fn is_due<E: Env>(
    cx: &mut Cx<'_, E>,
    question: &BreachQuestion,
) -> Result<bool, Unavailable> {
    let subject = question.account_id.as_str().as_bytes();
    let keyring = &question.keyring;
    // Reads first, so that the day's other sign-ins write nothing.
    if limiter::is_counted(cx, keyring, ONCE_A_DAY, subject).await? {
        return Ok(false);
    }
    let counted = limiter::count_subject(cx, keyring, ONCE_A_DAY, subject).await?;
    Ok(counted.exceeded.is_none())
}

/// Asks the list, and requires a change of a breached password at the next sign-in. Without an answer, changes nothing.
///
/// # Errors
/// [`Unavailable`]; a change may be required by then.
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

/// Requires the change, unless it is required already or the account's epoch has changed since the password was found
/// right. Sessions continue, since the answer to this sign-in has promised one.
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
