//! `POST /v1/admin/users/:id/reset-password`

use std::convert::Infallible;

use serde::Serialize;

use crate::flow::passwords::admin_reset::{
    self, AdminResetError, AdminResetSettings, NewPassword, Order, Outcome,
};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::time::Time;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::find_id;
use crate::model::password::Password;
use crate::ports::Env;
use crate::settings::{AdminResetRules, ResetPassword, Scope};
use crate::store::cx::Cx;

/// The result of an administrator's reset.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct PasswordReset {
    /// The password, if `return_password` is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// Whether the user must choose another password at the next sign-in.
    change_required: bool,
    /// When the password expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    /// ID of the email that is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_id: Option<String>,
}

/// Sets a password for a user.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: ResetPassword,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::Reset, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let order = request.members(|fields| read_order(fields, settings.admin_reset))?;
    let settings = AdminResetSettings {
        branding: settings.branding,
        keyring: settings.keyring,
        rules: settings.rules,
        sign_in_url: settings.sign_in_url.0,
    };
    match admin_reset::run(cx, &settings, &id, &order, &caller).await {
        Ok(outcome) => {
            let body = show(&outcome, order.change_on_next_sign_in);
            Ok(Answer::of(200, &body))
        }
        Err(AdminResetError::NotFound) => Err(Problem::not_found()),
        Err(AdminResetError::Undeliverable) => Err(Problem::undeliverable_password()),
        Err(AdminResetError::PasswordRejected(violations)) => {
            Err(Problem::password_rejected("password", &violations))
        }
        Err(AdminResetError::Unavailable(outage)) => Err(outage.into()),
    }
}

/// Only present members; the password only if the caller asked for it.
fn show(outcome: &Outcome, change_required: bool) -> PasswordReset {
    PasswordReset {
        password: outcome.password.as_ref().map(|it| it.reveal().to_owned()),
        change_required,
        expires_at: outcome.expires_at.map(Time::from),
        email_id: outcome.email_id.as_ref().map(ToString::to_string),
    }
}

fn read_order(fields: &mut Fields, rules: AdminResetRules) -> Option<Order> {
    let typed = fields.optional_text("password", |text| {
        Ok::<_, Infallible>(Password::without_blanks(text))
    });
    let generate = fields.boolean("generate", false);
    let send_email = fields.boolean("send_email", false);
    let return_password = fields.boolean("return_password", false);
    let change_on_next_sign_in = fields.boolean("change_on_next_sign_in", true);
    let expires_in = fields.optional_seconds("expires_in", 300..=30 * 86_400);
    let sign_out_everywhere = fields.boolean("sign_out_everywhere", true);
    let reason = read_reason(fields);
    let password = match (typed?, generate?) {
        (Some(_), false) if !rules.may_choose.0 => {
            fields.refuse("password", "may not be chosen here: generate one");
            return None;
        }
        (Some(password), false) => NewPassword::Typed(password),
        (None, true) => NewPassword::Generated,
        (None, false) => {
            fields.refuse("password", "is missing: give a password or generate: true");
            return None;
        }
        (Some(_), true) => {
            fields.refuse("generate", "must not be true together with password");
            return None;
        }
    };
    let change_on_next_sign_in = change_on_next_sign_in?;
    // A password that must be changed is temporary, and does not work for ever.
    let default = change_on_next_sign_in.then_some(rules.temporary_password_lifetime);
    Some(Order {
        password,
        send_email: send_email?,
        return_password: return_password?,
        change_on_next_sign_in,
        expires_in: expires_in?.or(default),
        sign_out_everywhere: sign_out_everywhere?,
        reason: reason?,
    })
}
