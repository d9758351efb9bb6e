//! What can be changed.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::inputs::{
    CreateUserInput, DeleteUserInput, IdentityDefinition, ResetAccountLockoutInput,
    ResetPasswordInput, RevokeAllSessionsInput, SendResetPasswordMessageInput,
    SetDisabledStatusInput, SetPasswordExpiredInput,
};
use super::query::Nullable;
use super::scalars::DateTime;
use super::user::User;
use crate::flow::passwords::admin_reset::NewPassword;
use crate::http::graphql::calls::{Calls, Change, Job};
use crate::http::graphql::error::{ApiError, Failure};
use crate::http::graphql::global_id::{self, Kind};
use crate::http::v1::admin::parse_reason;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::password::Password;
use crate::settings::Scope;

/// The mutations. A request can have one field.
#[derive(Debug)]
pub(in crate::http::graphql) struct Mutation;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        $($(#[$doc])*
        #[derive(Debug, SimpleObject)]
        pub(super) struct $name {
            /// The user after the change.
            user: User,
        })+
    };
}
payloads!(
    /// The user who was created.
    CreateUserPayload,
    /// The user whose sign-ins, emails and codes are no longer held back.
    ResetAccountLockoutPayload,
    /// The user whose password was set.
    ResetPasswordPayload,
    /// The user whose sessions ended.
    RevokeAllSessionsPayload,
    /// The user who was disabled or enabled.
    SetDisabledStatusPayload,
    /// The user who must, or need not, change the password.
    SetPasswordExpiredPayload,
);

/// The user who no longer exists.
#[derive(Debug, SimpleObject)]
pub(super) struct DeleteUserPayload {
    /// The global ID as it was given.
    #[graphql(name = "deletedUserID")]
    deleted_user_id: ID,
}

fn refuse(error: ApiError) -> async_graphql::Error {
    Failure::Refused(error).into_field_error()
}

/// The calls of a caller with `scope`, which the documentation calls `word`. Seeing more of the user than the id
/// requires the scope to read users, which is checked before anything is changed.
fn of_caller<'a>(ctx: &Context<'a>, scope: Scope, word: &str) -> async_graphql::Result<&'a Calls> {
    let calls = Calls::of(ctx)?;
    calls.authorise(scope, word)?;
    let payload = ctx.field();
    let mut users = payload.selection_set().filter(|it| it.name() == "user");
    let shows_user = users.any(|user| {
        let mut fields = user.selection_set();
        fields.any(|field| !matches!(field.name(), "id" | "__typename"))
    });
    if shows_user {
        calls.authorise(Scope::UsersRead, "users:read")?;
    }
    Ok(calls)
}

fn user_id(id: &ID) -> async_graphql::Result<AccountId> {
    match global_id::parse(id) {
        Some((Kind::User, account)) => Ok(account),
        _ => Err(refuse(ApiError::invalid_user_id())),
    }
}

fn read_reason(reason: Option<String>) -> async_graphql::Result<Option<String>> {
    let reason = reason.filter(|reason| !reason.is_empty());
    let read = reason.as_deref().map(parse_reason).transpose();
    read.map_err(|why| refuse(ApiError::invalid(&format!("reason {why}"))))
}

async fn send_link(ctx: &Context<'_>, login_id: &str) -> async_graphql::Result<()> {
    let calls = of_caller(ctx, Scope::Reset, "reset")?;
    // A text that is no address belongs to no account.
    let email = EmailAddress::parse(login_id).map_err(|_| refuse(ApiError::nobody_to_remind()))?;
    calls.have(|reply| Job::SendLink(email, reply)).await
}

/// Refuses fields that are set although Keyback has no `what`.
fn refuse_set<const FIELDS: usize>(
    fields: [(Option<DateTime>, &str); FIELDS],
    what: &str,
) -> async_graphql::Result<()> {
    for (value, field) in fields {
        if value.is_some() {
            return Err(refuse(ApiError::unsupported(field, what)));
        }
    }
    Ok(())
}

/// An empty password means one to generate.
fn read_password(text: &str) -> NewPassword {
    if text.is_empty() {
        NewPassword::Generated
    } else {
        NewPassword::Typed(Password::without_blanks(text))
    }
}

fn read_email(definition: IdentityDefinition) -> Result<EmailAddress, ApiError> {
    let login_id = definition.login_id.ok_or_else(|| {
        ApiError::invalid("exactly 1 field must be present in identity definition")
    })?;
    if login_id.key.is_empty() || login_id.value.is_empty() {
        return Err(ApiError::invalid("login ID key & value is required"));
    }
    if login_id.key != "email" {
        return Err(ApiError::invalid_login_id_key());
    }
    EmailAddress::parse(&login_id.value).map_err(|_| ApiError::invalid_email())
}

/// The mutations. A request can have one field.
#[Object]
impl Mutation {
    /// Creates a user.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        input: CreateUserInput,
    ) -> async_graphql::Result<CreateUserPayload> {
        let calls = of_caller(ctx, Scope::UsersWrite, "users:write")?;
        let periods = [
            (input.account_valid_from, "accountValidFrom"),
            (input.account_valid_until, "accountValidUntil"),
        ];
        refuse_set(periods, "periods of validity")?;
        let change = Change::Create {
            email: read_email(input.definition).map_err(refuse)?,
            password: input.password.as_deref().map(read_password),
            send: input.send_password.unwrap_or_default(),
            expired: input.set_password_expired.unwrap_or_default(),
        };
        let user = calls.have(|reply| Job::Change(change, reply)).await?;
        Ok(CreateUserPayload { user })
    }

    /// Deletes a user at once.
    async fn delete_user(
        &self,
        ctx: &Context<'_>,
        input: DeleteUserInput,
    ) -> async_graphql::Result<DeleteUserPayload> {
        let calls = of_caller(ctx, Scope::UsersDelete, "users:delete")?;
        let id = user_id(&input.user_id)?;
        let reason = read_reason(input.reason)?;
        calls.have(|reply| Job::Delete(id, reason, reply)).await?;
        Ok(DeleteUserPayload {
            deleted_user_id: input.user_id,
        })
    }

    /// Unlocks a user whose limits for sign-in or recovery were used up.
    async fn reset_account_lockout(
        &self,
        ctx: &Context<'_>,
        input: ResetAccountLockoutInput,
    ) -> async_graphql::Result<ResetAccountLockoutPayload> {
        let calls = of_caller(ctx, Scope::UsersWrite, "users:write")?;
        let change = Change::Unlock(user_id(&input.user_id)?);
        let user = calls.have(|reply| Job::Change(change, reply)).await?;
        Ok(ResetAccountLockoutPayload { user })
    }

    /// Sets or generates a password. All sessions of the user end.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        input: ResetPasswordInput,
    ) -> async_graphql::Result<ResetPasswordPayload> {
        let calls = of_caller(ctx, Scope::Reset, "reset")?;
        let change = Change::Reset {
            id: user_id(&input.user_id)?,
            password: read_password(input.password.as_deref().unwrap_or_default()),
            send: input.send_password.unwrap_or_default(),
            expired: input.set_password_expired.unwrap_or_default(),
        };
        let user = calls.have(|reply| Job::Change(change, reply)).await?;
        Ok(ResetPasswordPayload { user })
    }

    /// Ends all sessions of a user.
    async fn revoke_all_sessions(
        &self,
        ctx: &Context<'_>,
        input: RevokeAllSessionsInput,
    ) -> async_graphql::Result<RevokeAllSessionsPayload> {
        let calls = of_caller(ctx, Scope::UsersWrite, "users:write")?;
        let change = Change::SignOut(user_id(&input.user_id)?);
        let user = calls.have(|reply| Job::Change(change, reply)).await?;
        Ok(RevokeAllSessionsPayload { user })
    }

    /// Sends an email with a link for choosing a new password. Always null.
    async fn send_reset_password_message(
        &self,
        ctx: &Context<'_>,
        input: SendResetPasswordMessageInput,
    ) -> Nullable<bool> {
        send_link(ctx, &input.login_id)
            .await
            .map(|()| None)
            .transpose()
    }

    /// Disables or enables a user.
    async fn set_disabled_status(
        &self,
        ctx: &Context<'_>,
        input: SetDisabledStatusInput,
    ) -> async_graphql::Result<SetDisabledStatusPayload> {
        let calls = of_caller(ctx, Scope::UsersWrite, "users:write")?;
        let id = user_id(&input.user_id)?;
        let periods = [
            (input.temporarily_disabled_from, "temporarilyDisabledFrom"),
            (input.temporarily_disabled_until, "temporarilyDisabledUntil"),
        ];
        refuse_set(periods, "temporary disabling")?;
        let change = Change::Disable {
            id,
            disabled: input.is_disabled,
            reason: read_reason(input.reason)?,
        };
        let user = calls.have(|reply| Job::Change(change, reply)).await?;
        Ok(SetDisabledStatusPayload { user })
    }

    /// Requires a new password at the next sign-in, or removes the requirement.
    async fn set_password_expired(
        &self,
        ctx: &Context<'_>,
        input: SetPasswordExpiredInput,
    ) -> async_graphql::Result<SetPasswordExpiredPayload> {
        let calls = of_caller(ctx, Scope::Reset, "reset")?;
        let change = Change::Expire {
            id: user_id(&input.user_id)?,
            required: input.expired,
        };
        let user = calls.have(|reply| Job::Change(change, reply)).await?;
        Ok(SetPasswordExpiredPayload { user })
    }
}
