//! Changing an account: its address, its language, whether it may sign in.

use crate::base::timestamp::Timestamp;
use crate::flow::accounts::create::reserved_until;
use crate::flow::events::Caller;
use crate::mail::message::MailBranding;
use crate::mail::message::{Translator, prepare_email_changed};
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::EmailKind;
use crate::model::email_address::EmailAddress;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::patched::Patched;
use crate::ports::{Env, Unavailable};
use crate::store::accounts;
use crate::store::batch::{Batch, Draft, Epoch};
use crate::store::cx::Cx;
use crate::store::lease::Lease;

/// What to change; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The new address, or a new spelling of the old one.
    pub email: Option<EmailAddress>,
    /// Another language, or none.
    pub locale: Patched<Locale>,
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
}

/// Settings for changing an account.
#[derive(Debug)]
pub struct UpdateSettings {
    /// How emails present the app.
    pub branding: MailBranding,
    /// Seals the email about a changed address.
    pub keyring: Keyring,
}

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateAccountError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The address is another account's.
    #[error("the address is taken")]
    Taken,
    /// The address belonged to a deleted account, and is free from then on.
    #[error("the address is not free yet")]
    Reserved(Timestamp),
    /// The store failed. The account may have been changed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes the account. A new address, or disabling the account, starts a new credential epoch, which invalidates
/// everything issued before. The notice of a changed address goes to the old one only.
///
/// A new spelling of the same mailbox counts as a new address: emails go to the stored spelling, and those to the old
/// spelling may have reached somebody else. An account whose address belongs to another account gets it back if it is
/// set to the same address again once that is free.
///
/// # Errors
/// As [`UpdateAccountError`] says. After an outage it may have been changed; the call can be repeated.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &UpdateSettings,
    id: &AccountId,
    changes: Changes,
    by: &Caller,
    reason: Option<String>,
) -> Result<Account, UpdateAccountError> {
    let mut names = vec![accounts::lease_name(id)];
    names.extend(changes.email.as_ref().map(accounts::address_lease_name));
    let held = Lease::acquire_all(cx, &names).await?;
    let store = cx.store();
    let before = accounts::find(store, id).await?;
    let before = before.ok_or(UpdateAccountError::NotFound)?;
    let mut account = before.clone();
    if let Some(email) = changes.email {
        account.email = email;
        account.email_taken_by = None;
    }
    account.locale = changes.locale.apply(account.locale.take());
    set_disabled(&mut account, changes.disabled, reason.as_ref());
    if account == before {
        return Ok(before);
    }
    let moved = has_moved(&before, &account);
    if moved && !accounts::is_free_for(store, &account.email, id).await? {
        return Err(UpdateAccountError::Taken);
    }
    if !account.email.is_same_mailbox(&before.email)
        && let Some(until) = reserved_until(cx, by, None, &account.email).await?
    {
        return Err(UpdateAccountError::Reserved(until));
    }
    let mut batch = Batch::default();
    for kind in events_of(&before, &account) {
        batch.event(by.event(cx, kind, id, reason.clone())?);
    }
    if moved {
        move_address(cx, settings, &mut batch, &before, &account)?;
    }
    let disabled = account.disabled && !before.disabled;
    let epoch = if moved || disabled {
        Epoch::Raise
    } else {
        Epoch::Keep
    };
    batch.account(account, epoch);
    batch.under(held);
    let committed = batch.commit(cx).await?;
    let updated = committed.accounts.into_iter().next();
    Ok(updated.ok_or(Unavailable::Record("no account was written"))?)
}

/// Disables or enables the account. Disabling a disabled one with a reason replaces its reason.
fn set_disabled(account: &mut Account, disabled: Option<bool>, reason: Option<&String>) {
    match disabled {
        Some(true) if !account.disabled || reason.is_some() => {
            account.disabled = true;
            account.disable_reason = reason.cloned();
        }
        Some(false) => {
            account.disabled = false;
            account.disable_reason = None;
        }
        Some(true) | None => {}
    }
}

/// Whether the account's address or its spelling has changed, or the account can be found by it again.
fn has_moved(before: &Account, after: &Account) -> bool {
    after.email != before.email || after.email_taken_by != before.email_taken_by
}

/// Points the new address to the account, drops the old one, and emails it a notice.
fn move_address<E: Env>(
    cx: &Cx<'_, E>,
    settings: &UpdateSettings,
    batch: &mut Batch,
    before: &Account,
    after: &Account,
) -> Result<(), Unavailable> {
    batch.address(after)?;
    if after.email == before.email {
        return Ok(());
    }
    for digest in accounts::digests_of(&before.email) {
        batch.task(AgendaTask::ForgetAddress { digest });
    }
    let translator = Translator::for_reader(&settings.branding, &[after.locale.as_ref()]);
    let message = prepare_email_changed(before.email.as_str(), &translator, cx.now)?;
    let draft = Draft {
        kind: EmailKind::EmailChanged,
        account_id: &after.id,
        message: &message,
        discard_at: None,
        secret: None,
    };
    batch.mail(cx, &settings.keyring, draft).map(drop)
}

/// The events to record for a change.
fn events_of(before: &Account, after: &Account) -> Vec<EventType> {
    let mut events = Vec::new();
    if has_moved(before, after) {
        events.push(EventType::EmailChanged);
    }
    if after.locale != before.locale {
        events.push(EventType::LocaleChanged);
    }
    match (before.disabled, after.disabled) {
        (false, true) => events.push(EventType::AccountDisabled),
        (true, false) => events.push(EventType::AccountEnabled),
        // Disabled already, now for another reason.
        (true, true) if after.disable_reason != before.disable_reason => {
            events.push(EventType::AccountDisabled);
        }
        _ => {}
    }
    events
}
