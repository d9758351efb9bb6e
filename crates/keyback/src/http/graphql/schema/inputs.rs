//! The inputs of mutations.

use async_graphql::{ID, InputObject};

use super::scalars::DateTime;

/// What the user signs in with. Exactly one member must be set.
#[derive(Debug, InputObject)]
pub(super) struct IdentityDefinition {
    /// The only kind of login ID that is supported: an email address.
    #[graphql(name = "loginID")]
    pub(super) login_id: Option<IdentityDefinitionLoginId>,
}

/// An address to sign in with.
#[derive(Debug, InputObject)]
#[graphql(name = "IdentityDefinitionLoginID")]
pub(super) struct IdentityDefinitionLoginId {
    /// Must be `email`.
    pub(super) key: String,
    /// The email address, in any spelling.
    pub(super) value: String,
}

/// A user to create, with a password or without.
#[derive(InputObject)]
pub(super) struct CreateUserInput {
    /// Must not be set: validity periods are not supported.
    pub(super) account_valid_from: Option<DateTime>,
    /// Must not be set: validity periods are not supported.
    pub(super) account_valid_until: Option<DateTime>,
    /// What the user signs in with.
    pub(super) definition: IdentityDefinition,
    /// The password. Null for none. Empty to generate one, which must be sent.
    pub(super) password: Option<String>,
    /// Whether to send the password to the user by email.
    pub(super) send_password: Option<bool>,
    /// Whether the user must choose another password at the next sign-in.
    pub(super) set_password_expired: Option<bool>,
}

/// The user whose password is set or generated.
#[derive(InputObject)]
pub(super) struct ResetPasswordInput {
    /// The password. Null or empty to generate one, which must be sent.
    pub(super) password: Option<String>,
    /// Whether to send the password to the user by email.
    pub(super) send_password: Option<bool>,
    /// Whether the user must choose another password at the next sign-in.
    pub(super) set_password_expired: Option<bool>,
    /// Global ID of the user, `User:` and the user's ID in base64url.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// The user who must, or need not, change the password.
#[derive(Debug, InputObject)]
pub(super) struct SetPasswordExpiredInput {
    /// Whether the user must choose another password at the next sign-in.
    pub(super) expired: bool,
    /// Global ID of the user, `User:` and the user's ID in base64url.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// The user who gets a link.
#[derive(Debug, InputObject)]
pub(super) struct SendResetPasswordMessageInput {
    /// The user's address, not a global ID.
    #[graphql(name = "loginID")]
    pub(super) login_id: ID,
}

/// The user to disable or enable.
#[derive(Debug, InputObject)]
pub(super) struct SetDisabledStatusInput {
    /// Whether the user can neither sign in nor recover.
    pub(super) is_disabled: bool,
    /// The reason: one line of at most 500 characters.
    pub(super) reason: Option<String>,
    /// Must not be set: temporary disabling is not supported.
    pub(super) temporarily_disabled_from: Option<DateTime>,
    /// Must not be set: temporary disabling is not supported.
    pub(super) temporarily_disabled_until: Option<DateTime>,
    /// Global ID of the user, `User:` and the user's ID in base64url.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// The user to delete.
#[derive(Debug, InputObject)]
pub(super) struct DeleteUserInput {
    /// The reason: one line of at most 500 characters.
    pub(super) reason: Option<String>,
    /// Global ID of the user, `User:` and the user's ID in base64url.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// The user whose sessions end.
#[derive(Debug, InputObject)]
pub(super) struct RevokeAllSessionsInput {
    /// Global ID of the user, `User:` and the user's ID in base64url.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}

/// The user to unlock.
#[derive(Debug, InputObject)]
pub(super) struct ResetAccountLockoutInput {
    /// Global ID of the user, `User:` and the user's ID in base64url.
    #[graphql(name = "userID")]
    pub(super) user_id: ID,
}
