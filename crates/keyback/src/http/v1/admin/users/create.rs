//! `POST /v1/admin/users`

use std::convert::Infallible;

use serde::Serialize;

use crate::flow::accounts::activity::Activity;
use crate::flow::accounts::create::{
    self, CreateAccountError, CreateSettings, Created, Draft, InitialPassword, Order,
};
use crate::flow::recovery::invitation::InvitationSettings;
use crate::flow::recovery::issue::IssueSettings;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::{AccountShown, invite, path_of, shape};
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::password::Password;
use crate::model::password::PasswordHash;
use crate::ports::Env;
use crate::settings::{Accounts, Scope, Site, TemporaryPasswordLifetime};
use crate::store::cx::Cx;

const RESERVED: &str = "is reserved";

/// The members that are allowed for a single new account only.
const NOT_IMPORTED: [&str; 4] = ["generate", "send_email", "return_password", "invite"];

/// A new account, with its generated password or invitation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct AccountCreated {
    #[serde(flatten)]
    account: AccountShown,
    /// The password, if `return_password` is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// ID of the email that is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_id: Option<String>,
    /// The invitation, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<invite::Invitation>,
}

/// Creates an account, and emails its owner the password or an invitation if the caller wants.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: Accounts,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    request.query(&[])?;
    let order = request.members(|fields| read_order(fields, settings.temporary))?;
    let settings = CreateSettings {
        rules: settings.rules,
        invitation: InvitationSettings {
            issue: IssueSettings {
                branding: settings.branding,
                keyring: settings.keyring,
                lifetimes: settings.challenge,
                rules: settings.issue,
            },
            sign_in_url: settings.sign_in_url.0,
        },
    };
    match create::run(cx, &settings, order, &caller).await {
        Ok(created) => {
            let location = path_of(&created.account.id);
            let body = show(&created, &settings.invitation.issue.branding.site);
            Ok(Answer::of(201, &body).with_header("location", location))
        }
        Err(CreateAccountError::Taken) => Err(Problem::conflict()),
        Err(CreateAccountError::Undeliverable) => Err(Problem::undeliverable_password()),
        Err(CreateAccountError::Reserved(until)) => Err(Problem::reserved(until)),
        Err(CreateAccountError::PasswordRejected(violations)) => {
            Err(Problem::password_rejected("password", &violations))
        }
        Err(CreateAccountError::Unavailable(outage)) => Err(outage.into()),
    }
}

/// The account, and the secrets made for its owner.
fn show(created: &Created, site: &Site) -> AccountCreated {
    AccountCreated {
        account: shape(&created.account, Activity::default()),
        password: created.password.as_ref().map(|it| it.reveal().to_owned()),
        email_id: created.email_id.as_ref().map(|it| it.as_str().to_owned()),
        invitation: created.invitation.as_ref().map(|it| invite::show(it, site)),
    }
}

/// Reads the account to create, and what its owner gets.
fn read_order(fields: &mut Fields, lifetime: TemporaryPasswordLifetime) -> Option<Order> {
    let generate = fields.boolean("generate", false);
    let send_email = fields.boolean("send_email", false);
    let return_password = fields.boolean("return_password", false);
    let invitation = fields.optional_object("invite", invite::read);
    let account = read_account(fields);
    let (generate, send_email, return_password) = (generate?, send_email?, return_password?);
    let (invitation, account) = (invitation?, account?);
    let is_clear = generate || matches!(account.password, Some(InitialPassword::Clear(_)));
    let is_given = account.password.is_some();
    if is_given && generate {
        fields.refuse("generate", "must not be true together with a password");
    }
    if invitation.is_some() && (is_given || generate) {
        let detail = "cannot be combined with a password: the user chooses one";
        fields.refuse("invite", detail);
    }
    for (name, asked) in [
        ("send_email", send_email),
        ("return_password", return_password),
    ] {
        if asked && !is_clear {
            fields.refuse(name, "needs a plaintext password, or generate: true");
        }
    }
    // Somebody else knows a generated or emailed password.
    let default = generate || (send_email && is_clear);
    let has_password = is_given || generate;
    let draft = account.into_draft(fields, lifetime, default, has_password)?;
    Some(Order {
        draft,
        generate,
        send_email,
        return_password,
        invitation,
    })
}

/// The members of an account on a line of an import.
pub(super) fn read_draft(
    fields: &mut Fields,
    lifetime: TemporaryPasswordLifetime,
) -> Option<Draft> {
    for name in NOT_IMPORTED {
        fields.refuse_given(name, "cannot be imported: create the account on its own");
    }
    let account = read_account(fields)?;
    let has_password = account.password.is_some();
    account.into_draft(fields, lifetime, false, has_password)
}

/// The members of an account that do not depend on how it is created.
struct AccountMembers {
    email: EmailAddress,
    id: Option<AccountId>,
    password: Option<InitialPassword>,
    locale: Option<Locale>,
    change_on_next_sign_in: Option<bool>,
    reason: Option<String>,
}

fn read_account(fields: &mut Fields) -> Option<AccountMembers> {
    let email = fields.text("email", EmailAddress::parse);
    let id = fields.optional_text("id", |text| match text {
        // The path of such an account would be that of another call.
        "import" | "bulk" | "export" => Err(RESERVED.to_owned()),
        text => AccountId::parse(text).map_err(|error| error.to_string()),
    });
    let clear = fields.optional_text("password", |text| {
        Ok::<_, Infallible>(InitialPassword::Clear(Password::without_blanks(text)))
    });
    let hashed = fields.optional_text("password_hash", |text| {
        PasswordHash::parse(text).map(InitialPassword::Hashed)
    });
    let locale = fields.locale();
    let change_on_next_sign_in = fields.optional_boolean("change_on_next_sign_in");
    let reason = read_reason(fields);
    let password = match (clear?, hashed?) {
        (Some(_), Some(_)) => {
            fields.refuse("password_hash", "cannot be combined with password");
            return None;
        }
        (clear, hashed) => clear.or(hashed),
    };
    Some(AccountMembers {
        email: email?,
        id: id?,
        password,
        locale: locale?,
        change_on_next_sign_in: change_on_next_sign_in?,
        reason: reason?,
    })
}

impl AccountMembers {
    /// The account's draft. Unless the caller decides it, `must_change` says whether the password must be changed.
    fn into_draft(
        self,
        fields: &mut Fields,
        lifetime: TemporaryPasswordLifetime,
        must_change: bool,
        has_password: bool,
    ) -> Option<Draft> {
        let change_on_next_sign_in = self.change_on_next_sign_in.unwrap_or(must_change);
        if change_on_next_sign_in && !has_password {
            fields.refuse("change_on_next_sign_in", "needs a password");
            return None;
        }
        // Somebody else knows a clear password that must be changed. A password that came as a hash is the user's own.
        let is_hashed = matches!(self.password, Some(InitialPassword::Hashed(_)));
        let is_temporary = change_on_next_sign_in && !is_hashed;
        Some(Draft {
            email: self.email,
            id: self.id,
            password: self.password,
            locale: self.locale,
            change_on_next_sign_in,
            password_expires_in: is_temporary.then_some(lifetime.0),
            reason: self.reason,
            disabled: false,
            created_at: None,
        })
    }
}
