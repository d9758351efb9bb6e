//! Changing accounts for mutations, by the flows that the JSON calls use.

use crate::flow::accounts::create::{
    self, CreateAccountError, CreateSettings, Draft, InitialPassword,
};
use crate::flow::accounts::unlock::{self, UnlockError};
use crate::flow::accounts::update::{self, Changes, UpdateAccountError, UpdateSettings};
use crate::flow::events::Caller;
use crate::flow::passwords::admin_reset::{self, AdminResetError, AdminResetSettings, NewPassword};
use crate::flow::passwords::require_change::{self, RequireChangeError};
use crate::flow::passwords::sign_out::{self, SignOutError};
use crate::flow::recovery::invitation::InvitationSettings;
use crate::flow::recovery::issue::IssueSettings;
use crate::http::graphql::calls::Change;
use crate::http::graphql::error::{ApiError, Failure};
use crate::http::problem::reserved;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::password_policy::PasswordViolation;
use crate::ports::Env;
use crate::settings::AdminGraphql;
use crate::store::cx::Cx;

/// Makes the change, and returns the id of the account.
///
/// # Errors
/// Why it was not made. After an outage it may have been.
pub(super) async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    change: Change,
    by: &Caller,
) -> Result<AccountId, Failure> {
    match change {
        Change::Create {
            email,
            password,
            send,
            expired,
        } => create(cx, settings, email, password, (send, expired), by).await,
        Change::Reset {
            id,
            password,
            send,
            expired,
        } => {
            reset(cx, settings, &id, password, (send, expired), by).await?;
            Ok(id)
        }
        Change::Expire { id, required } => {
            require_change(cx, &id, required, by).await?;
            Ok(id)
        }
        Change::Disable {
            id,
            disabled,
            reason,
        } => {
            disable(cx, settings, &id, disabled, reason, by).await?;
            Ok(id)
        }
        Change::SignOut(id) => {
            let done = sign_out::run(cx, &id, by, None).await;
            done.map_err(|error| match error {
                SignOutError::NotFound => ApiError::user_not_found().into(),
                SignOutError::Unavailable(outage) => Failure::Unavailable(outage),
            })?;
            Ok(id)
        }
        Change::Unlock(id) => {
            let done = unlock::run(cx, &id, by, None).await;
            done.map_err(|error| match error {
                UnlockError::NotFound => ApiError::user_not_found().into(),
                UnlockError::Unavailable(outage) => Failure::Unavailable(outage),
            })?;
            Ok(id)
        }
    }
}

/// The settings for issuing a challenge.
pub(super) fn issue_settings(settings: &AdminGraphql) -> IssueSettings {
    IssueSettings {
        branding: settings.branding.clone(),
        keyring: settings.keyring.clone(),
        lifetimes: settings.challenge,
        rules: settings.issue.clone(),
    }
}

/// Creates an account, with or without a password.
async fn create<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    email: EmailAddress,
    password: Option<NewPassword>,
    (send, expired): (bool, bool),
    by: &Caller,
) -> Result<AccountId, Failure> {
    if password.is_none() && (send || expired) {
        let message = "sendPassword and setPasswordExpired need a password";
        return Err(ApiError::invalid(message).into());
    }
    let generate = matches!(password, Some(NewPassword::Generated));
    let typed = match password {
        Some(NewPassword::Typed(typed)) => Some(typed),
        Some(NewPassword::Generated) | None => None,
    };
    let order = create::Order {
        draft: Draft {
            email,
            id: None,
            password: typed.clone().map(InitialPassword::Clear),
            locale: None,
            change_on_next_sign_in: expired,
            password_expires_in: expired
                .then_some(settings.admin_reset.temporary_password_lifetime),
            reason: None,
            disabled: false,
            created_at: None,
        },
        generate,
        send_email: send,
        return_password: false,
        invitation: None,
    };
    let needed = CreateSettings {
        rules: settings.rules.clone(),
        invitation: InvitationSettings {
            issue: issue_settings(settings),
            sign_in_url: settings.sign_in_url.0.clone(),
        },
    };
    let created = create::run(cx, &needed, order, by).await;
    let created = created.map_err(|error| match error {
        CreateAccountError::Taken => {
            ApiError::duplicated_identity("identity already exists").into()
        }
        CreateAccountError::Reserved(until) => {
            ApiError::duplicated_identity(&reserved(until)).into()
        }
        CreateAccountError::Undeliverable => ApiError::undeliverable_password().into(),
        CreateAccountError::PasswordRejected(violations) => {
            let password = typed.map_or(NewPassword::Generated, NewPassword::Typed);
            refuse_password(settings, &password, &violations)
        }
        CreateAccountError::Unavailable(outage) => Failure::Unavailable(outage),
    })?;
    Ok(created.account.id)
}

/// Sets or generates a password, and ends all sessions.
async fn reset<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    id: &AccountId,
    password: NewPassword,
    (send, expired): (bool, bool),
    by: &Caller,
) -> Result<(), Failure> {
    if matches!(password, NewPassword::Typed(_)) && !settings.admin_reset.may_choose.0 {
        return Err(ApiError::password_not_choosable().into());
    }
    let order = admin_reset::Order {
        password,
        send_email: send,
        return_password: false,
        change_on_next_sign_in: expired,
        expires_in: expired.then_some(settings.admin_reset.temporary_password_lifetime),
        sign_out_everywhere: true,
        reason: None,
    };
    let needed = AdminResetSettings {
        branding: settings.branding.clone(),
        keyring: settings.keyring.clone(),
        rules: settings.rules.clone(),
        sign_in_url: settings.sign_in_url.0.clone(),
    };
    let done = admin_reset::run(cx, &needed, id, &order, by).await;
    done.map(drop).map_err(|error| match error {
        AdminResetError::NotFound => ApiError::user_not_found().into(),
        AdminResetError::Undeliverable => ApiError::undeliverable_password().into(),
        AdminResetError::PasswordRejected(violations) => {
            refuse_password(settings, &order.password, &violations)
        }
        AdminResetError::Unavailable(outage) => Failure::Unavailable(outage),
    })
}

fn refuse_password(
    settings: &AdminGraphql,
    password: &NewPassword,
    violations: &[PasswordViolation],
) -> Failure {
    let length = match password {
        NewPassword::Typed(typed) => typed.reveal().chars().count(),
        // A generated password breaks no rule.
        NewPassword::Generated => 0,
    };
    ApiError::password_rejected(&settings.rules.policy, length, violations).into()
}

async fn require_change<E: Env>(
    cx: &mut Cx<'_, E>,
    id: &AccountId,
    required: bool,
    by: &Caller,
) -> Result<(), Failure> {
    let done = require_change::run(cx, id, required, by, None).await;
    done.map_err(|error| match error {
        RequireChangeError::NotFound => ApiError::user_not_found().into(),
        RequireChangeError::NoCredential => ApiError::authenticator_not_found().into(),
        RequireChangeError::Unavailable(outage) => Failure::Unavailable(outage),
    })
}

async fn disable<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    id: &AccountId,
    disabled: bool,
    reason: Option<String>,
    by: &Caller,
) -> Result<(), Failure> {
    let needed = UpdateSettings {
        branding: settings.branding.clone(),
        keyring: settings.keyring.clone(),
    };
    let changes = Changes {
        disabled: Some(disabled),
        ..Changes::default()
    };
    let done = update::run(cx, &needed, id, changes, by, reason).await;
    done.map(drop).map_err(|error| match error {
        UpdateAccountError::NotFound => ApiError::user_not_found().into(),
        // The address is not changed here.
        UpdateAccountError::Taken | UpdateAccountError::Reserved(_) => {
            ApiError::duplicated_identity("identity already exists").into()
        }
        UpdateAccountError::Unavailable(outage) => Failure::Unavailable(outage),
    })
}
