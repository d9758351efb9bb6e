//! `POST /v1/admin/users/:id/invite`

use std::time::Duration;

use serde::Serialize;

use crate::flow::recovery::invitation::{InvitationOrder, InvitationSettings, Invited};
use crate::flow::recovery::invite::{self, InviteError};
use crate::flow::recovery::issue::IssueSettings;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::time::Time;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::{find_id, read_deliver};
use crate::ports::Env;
use crate::settings::{Accounts, Scope, Site};
use crate::store::cx::Cx;

/// How long an invitation may live, in seconds: long enough for holidays.
const LIFETIME: std::ops::RangeInclusive<u64> = 300..=14 * 86_400;
const DEFAULT_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// An invitation.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct Invitation {
    /// When its link expires.
    expires_at: Time,
    /// The link, unless it is sent by email.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// A new invitation for an account.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct InvitedAgain {
    #[serde(flatten)]
    invitation: Invitation,
    /// ID of the email that is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_id: Option<String>,
}

/// Invites the owner of an account without a password again.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let (order, reason) = request.members(|fields| {
        let order = read(fields);
        let reason = read_reason(fields);
        Some((order?, reason?))
    })?;
    let settings = InvitationSettings {
        issue: IssueSettings {
            branding: settings.branding,
            keyring: settings.keyring,
            lifetimes: settings.challenge,
            rules: settings.issue,
        },
        sign_in_url: settings.sign_in_url.0,
    };
    match invite::run(cx, &settings, &id, order, &caller, reason).await {
        Ok(invited) => {
            let status = if order.deliver { 202 } else { 200 };
            let body = InvitedAgain {
                invitation: show(&invited, &settings.issue.branding.site),
                email_id: invited.email_id.as_ref().map(|it| it.as_str().to_owned()),
            };
            Ok(Answer::of(status, &body))
        }
        Err(InviteError::NotFound) => Err(Problem::not_found()),
        Err(InviteError::AlreadySetUp) => Err(Problem::already_set_up()),
        Err(InviteError::Disabled) => Err(Problem::account_disabled()),
        Err(InviteError::Unavailable(outage)) => Err(outage.into()),
    }
}

/// Reads the members of an invitation.
pub(super) fn read(fields: &mut Fields) -> Option<InvitationOrder> {
    let deliver = read_deliver(fields);
    let expires_in = fields.optional_seconds("expires_in", LIFETIME);
    Some(InvitationOrder {
        deliver: deliver?,
        expires_in: expires_in?.unwrap_or(DEFAULT_LIFETIME),
    })
}

/// When the invitation expires, and its link unless that is emailed.
pub(super) fn show(invited: &Invited, site: &Site) -> Invitation {
    Invitation {
        expires_at: invited.expires_at.into(),
        link: invited.link.as_ref().map(|it| site.reset_link(it)),
    }
}
