//! The user.

#![expect(
    clippy::too_many_arguments,
    reason = "a field has as many arguments as it has"
)]

use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use serde_json::{Map, json};

use super::connection::{Connection, PageArgs};
use super::node::{Authenticator, AuthenticatorKind, AuthenticatorType, Identity, IdentityType};
use super::scalars::{DateTime, UserCustomAttributes, UserStandardAttributes, Web3Claims};
use super::vacant::{Authorization, Group, Role, Session, none};
use crate::base::timestamp::Timestamp;
use crate::flow::accounts::activity::Activity;
use crate::http::graphql::global_id::Kind;
use crate::model::account::Account;
use crate::model::locale::Locale;

/// An account, with its recent activity.
#[derive(Debug, Clone)]
pub(in crate::http::graphql) struct User {
    pub(in crate::http::graphql) account: Arc<Account>,
    pub(in crate::http::graphql) activity: Activity,
}

/// Whether sign-ins of a user are refused after too many wrong passwords.
#[derive(Debug, SimpleObject)]
pub(super) struct AccountLockout {
    /// Whether sign-ins from at least one network are refused.
    is_locked: bool,
    /// Always empty: networks are not shown.
    #[graphql(name = "lockedIPs")]
    locked_ips: Vec<LockedIp>,
    /// The time until which sign-ins are refused.
    locked_until: Option<DateTime>,
    /// Always `per_user`.
    lockout_type: &'static str,
}

/// A network whose sign-ins are refused.
#[derive(Debug, SimpleObject)]
#[graphql(name = "LockedIP")]
pub(super) struct LockedIp {
    /// Its address.
    ip_address: String,
    /// The end of the lock.
    locked_until: DateTime,
}

/// A claim that a user has verified.
#[derive(Debug, SimpleObject)]
pub(super) struct Claim {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// A user.
#[Object]
impl User {
    /// Whether sign-ins are refused after too many wrong passwords.
    async fn account_lockout(&self) -> AccountLockout {
        let until = self.activity.locked_until;
        AccountLockout {
            is_locked: until.is_some(),
            locked_ips: Vec::new(),
            locked_until: until.map(DateTime),
            lockout_type: "per_user",
        }
    }

    /// Always null: validity periods are not supported.
    async fn account_valid_from(&self) -> Option<DateTime> {
        None
    }

    /// Always null: validity periods are not supported.
    async fn account_valid_until(&self) -> Option<DateTime> {
        None
    }

    /// Always null: users are never anonymised.
    async fn anonymize_at(&self) -> Option<DateTime> {
        None
    }

    /// The password, if the user has one and the arguments do not exclude it.
    async fn authenticators(
        &self,
        after: Option<String>,
        authenticator_kind: Option<AuthenticatorKind>,
        authenticator_type: Option<AuthenticatorType>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Authenticator>> {
        let is_asked = authenticator_kind.is_none_or(|it| it == AuthenticatorKind::Primary)
            && authenticator_type.is_none_or(|it| it == AuthenticatorType::Password);
        let found = Authenticator::of(&self.account).filter(|_| is_asked);
        let args = PageArgs {
            after,
            before,
            first,
            last,
        };
        Some(Connection::of(found.into_iter().collect(), &args))
    }

    /// Always empty: no other apps are authorized.
    async fn authorizations(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Authorization>> {
        Some(none(after, before, first, last))
    }

    /// Always empty.
    async fn biometric_registrations(&self) -> Vec<Identity> {
        Vec::new()
    }

    /// When the account was created.
    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.account.created_at)
    }

    /// Always empty.
    async fn custom_attributes(&self) -> UserCustomAttributes {
        UserCustomAttributes::default()
    }

    /// Always null: users are deleted at once.
    async fn delete_at(&self) -> Option<DateTime> {
        None
    }

    /// Always null: users are deleted at once.
    async fn delete_reason(&self) -> Option<String> {
        None
    }

    /// Why the user is disabled, if a reason was given.
    async fn disable_reason(&self) -> Option<&str> {
        self.account.disable_reason.as_deref()
    }

    /// Always empty: there are no roles.
    async fn effective_roles(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Role>> {
        Some(none(after, before, first, last))
    }

    /// The email address.
    #[graphql(name = "endUserAccountID")]
    async fn end_user_account_id(&self) -> Option<&str> {
        Some(self.account.email.as_str())
    }

    /// Always null: names are not stored.
    async fn formatted_name(&self) -> Option<String> {
        None
    }

    /// Always empty: there are no groups.
    async fn groups(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Group>> {
        Some(none(after, before, first, last))
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        Kind::User.of(&self.account.id)
    }

    /// The address to sign in with, if `identityType` does not exclude it.
    async fn identities(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        identity_type: Option<IdentityType>,
        last: Option<i32>,
    ) -> Option<Connection<Identity>> {
        let is_asked = identity_type.is_none_or(|it| it == IdentityType::LoginId);
        let found = is_asked.then(|| Identity(Arc::clone(&self.account)));
        let args = PageArgs {
            after,
            before,
            first,
            last,
        };
        Some(Connection::of(found.into_iter().collect(), &args))
    }

    /// Always false.
    async fn is_anonymized(&self) -> bool {
        false
    }

    /// Always false.
    async fn is_anonymous(&self) -> bool {
        false
    }

    /// Always false.
    async fn is_deactivated(&self) -> bool {
        false
    }

    /// Whether the user can neither sign in nor recover.
    async fn is_disabled(&self) -> bool {
        self.account.disabled
    }

    /// When the user last signed in, accurate to a minute.
    async fn last_login_at(&self) -> Option<DateTime> {
        self.activity.last_sign_in_at.map(DateTime)
    }

    /// The address to sign in with.
    #[graphql(name = "loginIDs")]
    async fn login_ids(&self) -> Vec<Identity> {
        vec![Identity(Arc::clone(&self.account))]
    }

    /// Always null: there are no second factors.
    async fn mfa_grace_period_end_at(&self) -> Option<DateTime> {
        None
    }

    /// Always empty.
    async fn oauth_connections(&self) -> Vec<Identity> {
        Vec::new()
    }

    /// Always empty.
    async fn passkeys(&self) -> Vec<Identity> {
        Vec::new()
    }

    /// Always null: nobody signs in by email alone.
    #[graphql(name = "primaryOOBOTPEmailAuthenticator")]
    async fn primary_oob_otp_email_authenticator(&self) -> Option<Authenticator> {
        None
    }

    /// Always null: nobody signs in by phone.
    #[graphql(name = "primaryOOBOTPSMSAuthenticator")]
    async fn primary_oob_otp_sms_authenticator(&self) -> Option<Authenticator> {
        None
    }

    /// The password, if the user has one.
    async fn primary_password(&self) -> Option<Authenticator> {
        Authenticator::of(&self.account)
    }

    /// Always empty: there are no roles.
    async fn roles(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Role>> {
        Some(none(after, before, first, last))
    }

    /// Always empty.
    #[graphql(name = "secondaryOOBOTPEmailAuthenticators")]
    async fn secondary_oob_otp_email_authenticators(&self) -> Vec<Authenticator> {
        Vec::new()
    }

    /// Always empty.
    #[graphql(name = "secondaryOOBOTPSMSAuthenticators")]
    async fn secondary_oob_otp_sms_authenticators(&self) -> Vec<Authenticator> {
        Vec::new()
    }

    /// Always null.
    async fn secondary_password(&self) -> Option<Authenticator> {
        None
    }

    /// Always empty.
    #[graphql(name = "secondaryTOTPAuthenticators")]
    async fn secondary_totp_authenticators(&self) -> Vec<Authenticator> {
        Vec::new()
    }

    /// Always empty: the portal manages sessions.
    async fn sessions(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Session>> {
        Some(none(after, before, first, last))
    }

    /// `email`, `updated_at` and, if the language is known, `locale`.
    async fn standard_attributes(&self) -> UserStandardAttributes {
        let account = &self.account;
        let mut attributes = Map::new();
        attributes.insert("email".to_owned(), json!(account.email.as_str()));
        let updated_at = changed_at(account).unix_seconds();
        attributes.insert("updated_at".to_owned(), json!(updated_at));
        if let Some(locale) = account.locale.as_ref().map(Locale::as_str) {
            attributes.insert("locale".to_owned(), json!(locale));
        }
        UserStandardAttributes(attributes)
    }

    /// Always null: temporary disabling is not supported.
    async fn temporarily_disabled_from(&self) -> Option<DateTime> {
        None
    }

    /// Always null: temporary disabling is not supported.
    async fn temporarily_disabled_until(&self) -> Option<DateTime> {
        None
    }

    /// When the account was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        DateTime(changed_at(&self.account))
    }

    /// Always empty: addresses are not verified.
    async fn verified_claims(&self) -> Vec<Claim> {
        Vec::new()
    }

    /// Always empty.
    async fn web3(&self) -> Web3Claims {
        Web3Claims::default()
    }
}

fn changed_at(account: &Account) -> Timestamp {
    account.updated_at.unwrap_or(account.created_at)
}
