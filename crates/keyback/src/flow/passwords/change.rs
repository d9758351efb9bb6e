//! A signed-in user changes the password, giving the current one.

use crate::flow::Refusal;
use crate::flow::passwords::authenticate::{Authenticated, SignInError, Who, authenticate};
use crate::flow::passwords::{UsersChange, check_password, hashing, set_by_user};
use crate::mail::message::MailBranding;
use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::password::Password;
use crate::model::password_policy::{PasswordRules, PasswordViolation};
use crate::ports::{Env, Unavailable};
use crate::store::accounts;
use crate::store::cx::Cx;
use crate::store::lease::Lease;

/// Why the password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is wrong, or the account is unknown, disabled or without one; not told apart.
    #[error("not a good password")]
    InvalidCredentials,
    /// The current password is right and has stopped working.
    #[error("an expired password")]
    Expired,
    /// The new password may not be set.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>),
    /// Limited, or an outage.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<SignInError> for ChangePasswordError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::InvalidCredentials => Self::InvalidCredentials,
            SignInError::Expired => Self::Expired,
            SignInError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

impl From<Unavailable> for ChangePasswordError {
    fn from(outage: Unavailable) -> Self {
        Self::Refused(outage.into())
    }
}

/// Settings for changing a password.
#[derive(Debug)]
pub struct ChangePasswordSettings {
    /// How emails present the app.
    pub branding: MailBranding,
    /// Names clients and accounts in counters, and seals the email about the change.
    pub keyring: Keyring,
    /// Which passwords may be set.
    pub rules: PasswordRules,
    /// How many passwords a client may have checked, here and at the sign-in together.
    pub limit: Limit,
}

/// The change that a user asks for.
#[derive(Debug)]
pub struct Order {
    /// Who is signed in at the portal.
    pub account_id: AccountId,
    /// Proves that it is the user, and not somebody else at an unlocked screen.
    pub current_password: Password,
    /// The new password, not checked against the policy yet.
    pub new_password: Password,
    /// Whether to end all sessions.
    pub sign_out_everywhere: bool,
}

/// Changes the password: at most seven round trips. A wrong current password is counted and answered as at the sign-in.
///
/// # Errors
/// As [`ChangePasswordError`] says. After an outage the password may have been changed.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &ChangePasswordSettings,
    order: &Order,
    client: ClientAddress,
) -> Result<(), ChangePasswordError> {
    let who = Who::Id(order.account_id.clone());
    let current = &order.current_password;
    let ChangePasswordSettings { keyring, limit, .. } = settings;
    let right = authenticate(cx, keyring, *limit, &who, current, client).await?;
    let checked = check(cx, settings, &right, &order.new_password).await?;
    let hash = hashing::hash(cx.env, &right.place, &order.new_password).await?;
    drop(right.place);

    // Hashing and the breach check take time, during which an administrator may have changed the account.
    let name = accounts::lease_name(&right.account.id);
    let (held, again) = Lease::wait_and_read(cx, &name, async |cx| {
        accounts::find(cx.store(), &right.account.id).await
    })
    .await?;
    let epoch = right.account.epoch;
    let again = again.filter(|account| account.epoch == epoch && !account.disabled);
    let account = again.ok_or(ChangePasswordError::InvalidCredentials)?;
    let change = UsersChange {
        hash,
        checked,
        client,
        sign_out_everywhere: order.sign_out_everywhere,
        locale: None,
    };
    let mut batch = set_by_user(cx, &settings.branding, keyring, account, change)?;
    batch.under(held);
    batch.commit(cx).await?;
    Ok(())
}

/// The result of the breach check, or why the password may not be set.
async fn check<E: Env>(
    cx: &Cx<'_, E>,
    settings: &ChangePasswordSettings,
    right: &Authenticated,
    password: &Password,
) -> Result<Option<BreachCheck>, ChangePasswordError> {
    let credential = right.account.credential.as_ref();
    let read = credential.map_or_else(|| password.clone(), |it| it.read(password));
    // Both are in clear, so comparing them is enough, unless a foreign hash accepts several spellings.
    let is_current = read.is_spelled_like(&right.password)
        || (right.hash.needs_rehash()
            && hashing::verify(cx.env, &right.place, &read, Some(&right.hash)).await?);
    let rejected = ChangePasswordError::PasswordRejected;
    if is_current {
        return Err(rejected(vec![PasswordViolation::SameAsCurrent]));
    }
    check_password(cx.env, &settings.rules, password, &right.account.email)
        .await
        .map_err(rejected)
}
