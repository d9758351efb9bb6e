//! The types other than users that have global ids, and the interfaces of all types that have one.

use std::sync::Arc;

use async_graphql::{Enum, ID, Interface, Object};
use serde_json::json;

use super::scalars::{AuthenticatorClaims, DateTime, IdentityClaims};
use super::user::User;
use super::vacant::{Authorization, Group, Role, Session};
use crate::http::graphql::global_id::Kind;
use crate::model::account::Account;
use crate::model::credential::Credential;

/// Anything with a global ID.
#[derive(Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global ID."))]
pub(super) enum Node {
    Authenticator(Authenticator),
    Authorization(Authorization),
    Group(Group),
    Identity(Identity),
    Role(Role),
    Session(Session),
    User(User),
}

/// Anything with times of creation and change.
#[expect(
    clippy::duplicated_attributes,
    reason = "two fields have the same type"
)]
#[derive(Debug, Interface)]
#[graphql(
    field(name = "created_at", ty = "DateTime", desc = "When it was created."),
    field(name = "id", ty = "ID", desc = "The global ID."),
    field(
        name = "updated_at",
        ty = "DateTime",
        desc = "When it was last changed."
    )
)]
pub(in crate::http::graphql) enum Entity {
    Authenticator(Authenticator),
    Authorization(Authorization),
    Group(Group),
    Identity(Identity),
    Role(Role),
    Session(Session),
    User(User),
}

/// The kinds of authenticator. Keyback supports passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum AuthenticatorType {
    /// A code by email.
    #[graphql(name = "OOB_OTP_EMAIL")]
    OobOtpEmail,
    /// A code by text message.
    #[graphql(name = "OOB_OTP_SMS")]
    OobOtpSms,
    /// A passkey.
    Passkey,
    /// A password.
    Password,
    /// A code from an authenticator app.
    #[graphql(name = "TOTP")]
    Totp,
}

/// Whether it is the first or the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum AuthenticatorKind {
    /// The first factor.
    Primary,
    /// The second factor.
    Secondary,
}

/// What a user signs in with. Keyback supports email addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum IdentityType {
    /// No identity.
    Anonymous,
    /// A device.
    Biometric,
    /// An organisation's directory.
    #[graphql(name = "LDAP")]
    Ldap,
    /// An email address, a phone number or a user name.
    #[graphql(name = "LOGIN_ID")]
    LoginId,
    /// An account with another provider.
    #[graphql(name = "OAUTH")]
    OAuth,
    /// A passkey.
    Passkey,
    /// A wallet.
    #[graphql(name = "SIWE")]
    Siwe,
}

/// The address that a user signs in with.
#[derive(Debug, Clone)]
pub(super) struct Identity(pub(super) Arc<Account>);

/// The address that a user signs in with.
#[Object]
impl Identity {
    /// The address as claims with the names that Authgear's clients expect. `names` narrows the claims.
    async fn claims(&self, names: Option<Vec<String>>) -> IdentityClaims {
        let email = &self.0.email;
        let claims = [
            ("email", json!(email.as_str())),
            ("https://authgear.com/claims/login_id/key", json!("email")),
            ("https://authgear.com/claims/login_id/type", json!("email")),
            (
                "https://authgear.com/claims/login_id/value",
                json!(email.folded()),
            ),
            (
                "https://authgear.com/claims/login_id/original_value",
                json!(email.as_str()),
            ),
        ];
        let is_asked = |name: &str| {
            let names = names.as_ref();
            names.is_none_or(|names| names.iter().any(|asked| asked == name))
        };
        let claims = claims.into_iter().filter(|(name, _)| is_asked(name));
        IdentityClaims(
            claims
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// When the account was created.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        Kind::Identity.of(&self.0.id)
    }

    /// Always `LOGIN_ID`.
    #[graphql(name = "type")]
    async fn identity_type(&self) -> IdentityType {
        IdentityType::LoginId
    }

    /// When the account was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at.unwrap_or(self.0.created_at))
    }
}

/// The password of a user.
#[derive(Debug, Clone)]
pub(super) struct Authenticator {
    account: Arc<Account>,
    credential: Credential,
}

impl Authenticator {
    /// The password of `account`, if it has one.
    pub(super) fn of(account: &Arc<Account>) -> Option<Self> {
        let credential = account.credential.clone()?;
        Some(Self {
            account: Arc::clone(account),
            credential,
        })
    }
}

/// The password of a user.
#[Object]
impl Authenticator {
    /// Always empty: passwords are not shown.
    async fn claims(&self, names: Option<Vec<String>>) -> AuthenticatorClaims {
        drop(names);
        AuthenticatorClaims::default()
    }

    /// When the password was set.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.credential.set_at)
    }

    /// If the password must be changed at the next sign-in, the time at which it was set, which is in the past. Null otherwise.
    async fn expire_after(&self) -> Option<DateTime> {
        let must_change = self.credential.must_change;
        must_change.then_some(DateTime(self.credential.set_at))
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        Kind::Authenticator.of(&self.account.id)
    }

    /// Always true.
    async fn is_default(&self) -> bool {
        true
    }

    /// Always `PRIMARY`.
    async fn kind(&self) -> AuthenticatorKind {
        AuthenticatorKind::Primary
    }

    /// Always `PASSWORD`.
    #[graphql(name = "type")]
    async fn authenticator_type(&self) -> AuthenticatorType {
        AuthenticatorType::Password
    }

    /// When the account was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        let changed_at = self.account.updated_at.unwrap_or(self.credential.set_at);
        DateTime(changed_at.max(self.credential.set_at))
    }
}
