//! The inputs of mutations.

use async_graphql::{ID, InputObject};

use super::scalars::DateTime;

/// What the user signs in with: exactly one member.
#[derive(Debug, InputObject)]
pub(super) struct IdentityDefinition {
    /// An address.
    #[graphql(name = "loginID")]
    pub(super) login_id: Option<IdentityDefinitionLoginId>,
}

/// An address to sign in with.
#[derive(Debug, InputObject)]
#[graphql(name = "IdentityDefinitionLoginID")]
pub(super) struct IdentityDefinitionLoginId {
    /// `email`.
    pub(super) key: String,
    /// The address.
    pub(super) value: String,
}

/// A new user.
#[derive(InputObject)]
pub(super) struct CreateUserInput {
    /// Must not be set: there are no periods of validity.
    pub(super) account_valid_from: Option<DateTime>,
    /// Must not be set: there are no periods of validity.
    pub(super) account_valid_until: Option<DateTime>,
    /// What the user signs in with.
    pub(super) definition: IdentityDefinition,
    /// The password. Null: none. Empty: generate one, which must be sent.
    pub(super) password: Option<String>,
    /// Whether to mail the password to the user.
    pub(super) send_password: Option<bool>,
    /// Whether the user must choose another one at the next sign-in.
    pub(super) set_password_expired: Option<bool>,
}

/// A new password.
#[derive(InputObject)]
pub(super) struct ResetPasswordInput {
    /// The password. Null or empty: generate one, which must be sent.
    pub(super) password: Option<String>,
    /// Whether to mail the password to the user.
    pub(super) send_password: Option<bool>,
    /// Whether the user must choose another one at the next sign-in.
    pub(super) set_password_expired: Option<bool>,
    /// The user.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// Whether a password must be changed.
#[derive(Debug, InputObject)]
pub(super) struct SetPasswordExpiredInput {
    /// Whether the user must choose another password at the next sign-in.
    pub(super) expired: bool,
    /// The user.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// Who gets a link.
#[derive(Debug, InputObject)]
pub(super) struct SendResetPasswordMessageInput {
    /// The user's address as it is, not a global id.
    #[graphql(name = "loginID")]
    pub(super) login_id: ID,
}

/// Whether a user is disabled.
#[derive(Debug, InputObject)]
pub(super) struct SetDisabledStatusInput {
    /// Whether the user can neither sign in nor recover.
    pub(super) is_disabled: bool,
    /// Why: one line of at most 500 characters.
    pub(super) reason: Option<String>,
    /// Must not be set: users are disabled until they are enabled.
    pub(super) temporarily_disabled_from: Option<DateTime>,
    /// Must not be set: users are disabled until they are enabled.
    pub(super) temporarily_disabled_until: Option<DateTime>,
    /// The user.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// Who is deleted.
#[derive(Debug, InputObject)]
pub(super) struct DeleteUserInput {
    /// Why: one line of at most 500 characters.
    pub(super) reason: Option<String>,
    /// The user.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// Whose sessions end.
#[derive(Debug, InputObject)]
pub(super) struct RevokeAllSessionsInput {
    /// The user.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// Who may sign in again.
#[derive(Debug, InputObject)]
pub(super) struct ResetAccountLockoutInput {
    /// The user.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}
