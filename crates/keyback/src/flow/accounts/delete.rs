//! Deleting an account.

use std::time::Duration;

use crate::flow::events::Caller;
use crate::mail::message::{MailBranding, Translator, prepare_account_deleted};
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::EmailKind;
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, EventId};
use crate::model::keyring::Keyring;
use crate::ports::{Env, Unavailable};
use crate::store::accounts::reservations;
use crate::store::batch::{Batch, Draft};
use crate::store::cx::Cx;
use crate::store::lease::Held;
use crate::store::{accounts, event_log};

/// Settings for deleting an account.
#[derive(Debug)]
pub struct DeleteSettings<'a> {
    /// How emails present the app.
    pub branding: &'a MailBranding,
    /// Seals the email about the deletion.
    pub keyring: &'a Keyring,
}

/// By then the last of the account's events has expired, and the clock has passed every epoch that it had.
const EVENTS_GONE: Duration = Duration::from_hours(91 * 24);

/// How many of the account's latest events are searched for that of its deletion.
const LOOKED_AT: i64 = 20;

/// Deletes the account and notifies its address. Returns whether it existed. Its id and address are reserved for a day.
/// Invalidates everything issued for it, even if the id or the address is reused. Its events and their counter stay until
/// they expire.
///
/// # Errors
/// [`Unavailable`]; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &DeleteSettings<'_>,
    id: &AccountId,
    by: &Caller,
    reason: Option<String>,
) -> Result<bool, Unavailable> {
    let held = accounts::lease(cx, id).await?;
    let store = cx.store();
    let (found, recorded) = futures::join!(
        accounts::find(store, id),
        event_log::page(store, id, None, LOOKED_AT),
    );
    let Some(account) = found? else {
        return Ok(false);
    };
    let event_id = EventId::of_deletion(account.number);
    // An earlier call may have recorded the deletion and died before it erased the account.
    let is_recorded = recorded?.events.iter().any(|it| it.event.id == event_id);
    if !is_recorded {
        let event = by.event(cx, EventType::AccountDeleted, id, reason)?;
        let event = Event {
            id: event_id,
            ..event
        };
        record(cx, settings, event, &account, held).await?;
    }
    accounts::erase(cx.env, id, account.number, held).await?;
    Ok(true)
}

/// Records the deletion and puts it on the agenda, in case of a crash before the account is erased.
async fn record<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &DeleteSettings<'_>,
    event: Event,
    account: &Account,
    held: Held,
) -> Result<(), Unavailable> {
    let account_id = event.account_id.clone();
    let mut batch = Batch::default();
    reservations::reserve(&mut batch, account, cx.now)?;
    mail_owner(cx, settings, &mut batch, account)?;
    // An account that is created again under this id continues this count, and shares no epoch with this one.
    batch.event(event);
    batch.unlist(account);
    batch.task(AgendaTask::Erase {
        account_id: account_id.clone(),
        number: account.number,
    });
    let forget = AgendaTask::ForgetAccount { account_id };
    batch.task_at(cx.now.plus(EVENTS_GONE), forget);
    batch.under(held);
    batch.commit(cx).await.map(drop)
}

/// Emails the owner. The email contains the address, so it can be sent after the account is gone.
fn mail_owner<E: Env>(
    cx: &Cx<'_, E>,
    settings: &DeleteSettings<'_>,
    batch: &mut Batch,
    account: &Account,
) -> Result<(), Unavailable> {
    let translator = Translator::for_reader(settings.branding, &[account.locale.as_ref()]);
    let message = prepare_account_deleted(account.email.as_str(), &translator, cx.now)?;
    let draft = Draft {
        kind: EmailKind::AccountDeleted,
        account_id: &account.id,
        message: &message,
        discard_at: None,
        secret: None,
    };
    batch.mail(cx, settings.keyring, draft).map(drop)
}
