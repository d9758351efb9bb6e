//! An administrator's reset: a password typed or generated, sent or shown once, to be changed at the next sign-in.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::events::Caller;
use crate::flow::passwords::{check_password, generate, hashing};
use crate::mail::message::MailBranding;
use crate::mail::message::{
    Requester, TemporaryPasswordMail, Translator, prepare_password_changed,
    prepare_temporary_password,
};
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::credential::{Credential, SetBy};
use crate::model::email::EmailKind;
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, EmailId};
use crate::model::keyring::Keyring;
use crate::model::password::Password;
use crate::model::password_policy::PasswordRules;
use crate::model::password_policy::PasswordViolation;
use crate::model::web_address::WebAddress;
use crate::ports::{Env, Unavailable};
use crate::store::accounts;
use crate::store::batch::{Batch, Draft, DraftSecret, Epoch};
use crate::store::cx::Cx;

/// Where the new password comes from.
#[derive(Debug, Clone)]
pub enum NewPassword {
    /// What the administrator typed.
    Typed(Password),
    /// Generated here, with at least 99 bits of entropy.
    Generated,
}

/// An administrator's reset of one account's password.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a box that the administrator may tick"
)]
pub struct Order {
    /// The new password, or an order to generate one.
    pub password: NewPassword,
    /// Whether to email the password to the user.
    pub send_email: bool,
    /// Whether to return the password, this once.
    pub return_password: bool,
    /// Whether the user must choose another at the next sign-in.
    pub change_on_next_sign_in: bool,
    /// How long the password works; `None` for ever.
    pub expires_in: Option<Duration>,
    /// Whether to end all sessions.
    pub sign_out_everywhere: bool,
    /// Why, for the event.
    pub reason: Option<String>,
}

/// What the administrator is told about the new password.
#[derive(Debug)]
pub struct Outcome {
    /// The password, if it was to be returned.
    pub password: Option<Password>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// The email with the password in it, if it was to be sent.
    pub email_id: Option<EmailId>,
}

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
pub enum AdminResetError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// A generated password that is neither sent nor returned would be known to nobody.
    #[error("nobody would know the password")]
    Undeliverable,
    /// The policy refuses the typed password.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>),
    /// The store, the randomness or the hashing failed. The password may have been set.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Settings for the reset.
#[derive(Debug)]
pub struct AdminResetSettings {
    /// How emails present the app.
    pub branding: MailBranding,
    /// Seals the email that contains the new password or reports the change.
    pub keyring: Keyring,
    /// Which passwords may be set.
    pub rules: PasswordRules,
    /// `sign_in_url`: where the user signs in with an emailed password.
    pub sign_in_url: Option<WebAddress>,
}

/// Sets the password, whether the account had one or not. Invalidates all outstanding links, codes and tokens.
///
/// # Errors
/// As [`AdminResetError`] says. After an outage the password may have been set.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminResetSettings,
    id: &AccountId,
    order: &Order,
    by: &Caller,
) -> Result<Outcome, AdminResetError> {
    let place = hashing::enter(cx.env)?;
    let found = accounts::find(cx.store(), id).await?;
    let account = found.ok_or(AdminResetError::NotFound)?;
    let generated = matches!(order.password, NewPassword::Generated);
    if generated && !order.send_email && !order.return_password {
        return Err(AdminResetError::Undeliverable);
    }
    let (password, checked) = match &order.password {
        NewPassword::Typed(password) => {
            let checked = check_password(cx.env, &settings.rules, password, &account.email)
                .await
                .map_err(AdminResetError::PasswordRejected)?;
            (password.clone(), checked)
        }
        // It is new, so no breach contains it.
        NewPassword::Generated => {
            let policy = &settings.rules.policy;
            (generate(cx.env, policy, &account.email)?, None)
        }
    };
    let hash = hashing::hash(cx.env, &place, &password).await?;
    drop(place);

    // Hashing and the breach check take time, during which others may have changed the account.
    let held = accounts::lease(cx, id).await?;
    let found = accounts::find(cx.store(), id).await?;
    let mut account = found.ok_or(AdminResetError::NotFound)?;
    let expires_at = order.expires_in.map(|expires_in| cx.now.plus(expires_in));
    account.credential = Some(Credential {
        hash,
        set_at: cx.now,
        set_by: SetBy::Administrator,
        must_change: order.change_on_next_sign_in,
        expires_at,
        ignores_blanks: true,
        epoch: 0,
    });
    let mut batch = Batch::default();
    for event in events(cx, &account, checked, order, by)? {
        batch.event(event);
    }
    let email_id = mail(cx, settings, &account, &password, order, &mut batch)?;
    batch.account(account, Epoch::SetCredential);
    batch.under(held);
    batch.commit(cx).await?;
    Ok(Outcome {
        password: order.return_password.then_some(password),
        expires_at,
        email_id: order.send_email.then_some(email_id),
    })
}

/// The events to record for the reset.
fn events<E: Env>(
    cx: &Cx<'_, E>,
    account: &Account,
    checked: Option<BreachCheck>,
    order: &Order,
    by: &Caller,
) -> Result<Vec<Event>, Unavailable> {
    let event = |kind| by.event(cx, kind, &account.id, order.reason.clone());
    let mut events = vec![event(EventType::PasswordChanged)?.checked(checked)];
    if order.change_on_next_sign_in {
        events.push(event(EventType::PasswordChangeRequired)?);
    }
    if order.sign_out_everywhere {
        events.push(event(EventType::SessionsRevoked)?);
    }
    Ok(events)
}

/// The email with the password, or one that only says that it was set.
fn mail<E: Env>(
    cx: &Cx<'_, E>,
    settings: &AdminResetSettings,
    account: &Account,
    password: &Password,
    order: &Order,
    batch: &mut Batch,
) -> Result<EmailId, Unavailable> {
    let to = account.email.as_str();
    let credential = account.credential.as_ref();
    let expires_at = credential.and_then(|credential| credential.expires_at);
    let translator = &Translator::for_reader(&settings.branding, &[account.locale.as_ref()]);
    let (kind, message) = if order.send_email {
        let mail = TemporaryPasswordMail {
            password,
            must_change: order.change_on_next_sign_in,
            expires_at,
            sign_in_url: settings.sign_in_url.as_ref(),
        };
        let message = prepare_temporary_password(to, &mail, translator)?;
        (EmailKind::TemporaryPassword, message)
    } else {
        let message = prepare_password_changed(to, translator, Requester::Administrator, cx.now)?;
        (EmailKind::PasswordChanged, message)
    };
    let draft = Draft {
        kind,
        account_id: &account.id,
        message: &message,
        discard_at: expires_at.filter(|_| order.send_email),
        secret: order.send_email.then_some(DraftSecret::NewPassword),
    };
    batch.mail(cx, &settings.keyring, draft)
}
