//! A password that its user chose, with its email and events.

use crate::flow::events::by_user;
use crate::mail::message::{MailBranding, Requester, Translator, prepare_password_changed};
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::credential::{Credential, SetBy};
use crate::model::email::EmailKind;
use crate::model::event::EventType;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::password::PasswordHash;
use crate::ports::{Env, Unavailable};
use crate::store::batch::{Batch, Draft, Epoch};
use crate::store::cx::Cx;

/// A user's new password, after all checks.
#[derive(Debug)]
pub(in crate::flow) struct UsersChange {
    pub(in crate::flow) hash: PasswordHash,
    pub(in crate::flow) checked: Option<BreachCheck>,
    /// Where it was set.
    pub(in crate::flow) client: ClientAddress,
    pub(in crate::flow) sign_out_everywhere: bool,
    /// The language that the user asked for, if any.
    pub(in crate::flow) locale: Option<Locale>,
}

/// Puts the new credential into a batch, with its email and events.
///
/// # Errors
/// [`Unavailable::Random`], or a template's.
pub(in crate::flow) fn set_by_user<E: Env>(
    cx: &Cx<'_, E>,
    branding: &MailBranding,
    keyring: &Keyring,
    mut account: Account,
    change: UsersChange,
) -> Result<Batch, Unavailable> {
    let mut batch = Batch::default();
    let changed = by_user(cx, EventType::PasswordChanged, &account.id, change.client)?;
    batch.event(changed.checked(change.checked));
    if change.sign_out_everywhere {
        let kind = EventType::SessionsRevoked;
        batch.event(by_user(cx, kind, &account.id, change.client)?);
    }
    let languages = [change.locale.as_ref(), account.locale.as_ref()];
    let translator = Translator::for_reader(branding, &languages);
    let to = account.email.as_str();
    let message = prepare_password_changed(to, &translator, Requester::User, cx.now)?;
    let draft = Draft {
        kind: EmailKind::PasswordChanged,
        account_id: &account.id,
        message: &message,
        discard_at: None,
        secret: None,
    };
    batch.mail(cx, keyring, draft)?;
    account.credential = Some(Credential {
        hash: change.hash,
        set_at: cx.now,
        set_by: SetBy::User,
        must_change: false,
        expires_at: None,
        ignores_blanks: false,
        epoch: 0,
    });
    batch.account(account, Epoch::SetCredential);
    Ok(batch)
}
