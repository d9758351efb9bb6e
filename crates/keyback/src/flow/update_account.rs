//! Changing an account: its address, its language, whether it may sign in.

use crate::flow::accounts::{self, AccountPointer, AccountWithCredential};
use crate::flow::afterwards::Afterwards;
use crate::flow::caller::{Caller, note};
use crate::flow::outbox::{self, Draft};
use crate::mail::message::{Translator, prepare_email_changed};
use crate::model::email::EmailKind;
use crate::model::email_address::EmailAddress;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::MailBranding;
use crate::store::{keys, record};

/// What to change; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Another address.
    pub email: Option<EmailAddress>,
    /// Another language.
    pub locale: Option<Locale>,
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
}

/// What changing needs to know.
#[derive(Debug)]
pub struct UpdateSettings {
    /// How mails present the app.
    pub branding: MailBranding,
    /// The keys.
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
    /// Something outside failed.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Changes the account. A changed address and a disabling begin a new credential epoch, which kills whatever was issued
/// before; the old address is told of the change, not the new one.
///
/// # Errors
/// As [`UpdateAccountError`] says; then nothing was changed.
pub async fn run<E: Env>(
    env: &E,
    settings: &UpdateSettings,
    id: &AccountId,
    changes: Changes,
    by: &Caller,
) -> Result<(AccountWithCredential, Afterwards), UpdateAccountError> {
    accounts::alone(env, change(env, settings, id, changes, by)).await
}

async fn change<E: Env>(
    env: &E,
    settings: &UpdateSettings,
    id: &AccountId,
    changes: Changes,
    by: &Caller,
) -> Result<(AccountWithCredential, Afterwards), UpdateAccountError> {
    let store = env.store();
    let now = env.clock().now();
    let mut found = accounts::find_by_id(store, id)
        .await?
        .ok_or(UpdateAccountError::NotFound)?;
    let before = found.account.clone();
    let account = &mut found.account;
    if let Some(email) = changes.email {
        account.email = email;
    }
    account.locale = changes.locale.or(account.locale.take());
    account.disabled = changes.disabled.unwrap_or(account.disabled);
    if *account == before {
        return Ok((found, Afterwards::nothing()));
    }

    let moved = account.email != before.email;
    if moved && !accounts::is_free(store, &account.email).await? {
        return Err(UpdateAccountError::Taken);
    }
    if moved || (account.disabled && !before.disabled) {
        account.epoch = accounts::next_epoch(store, account).await?;
    }
    let mut events = Vec::new();
    if moved {
        events.push(by.event(env, EventType::EmailChanged, id, None)?);
    }
    if account.locale != before.locale {
        events.push(by.event(env, EventType::LocaleChanged, id, None)?);
    }
    if account.disabled != before.disabled {
        let kind = if account.disabled {
            EventType::AccountDisabled
        } else {
            EventType::AccountEnabled
        };
        events.push(by.event(env, kind, id, None)?);
    }
    let (entry, mut writes) = if moved {
        let translator = Translator::for_reader(&settings.branding, &[account.locale.as_ref()]);
        let message = prepare_email_changed(before.email.as_str(), &translator, now)?;
        let draft = Draft {
            kind: EmailKind::EmailChanged,
            account_id: id,
            message: &message,
            discard_at: None,
            secret: None,
            events,
        };
        let enqueued = outbox::enqueue(env, &settings.keyring, draft, now).await?;
        (enqueued.entry, enqueued.writes)
    } else {
        note(env, events).await?
    };
    writes.push((keys::account(id), record::encode(account)?));
    if moved {
        let pointer = AccountPointer {
            account_id: id.clone(),
        };
        writes.push((
            keys::email(&account.email.digest()),
            record::encode(&pointer)?,
        ));
    }
    store.set_many(writes).await?;
    if moved {
        // Until this is done the old index points to an account with another address, which counts as free.
        let old = keys::email(&before.email.digest());
        store.delete_many(vec![old.into()]).await?;
    }
    Ok((found, Afterwards::work(entry)))
}
