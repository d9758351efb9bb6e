//! `POST /v1/admin/users/:id/recovery`

use serde::Serialize;

use crate::flow::recovery::issue::IssueSettings;
use crate::flow::recovery::start::{self, Order, StartRecoveryError, Started};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::time::Time;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::{find_id, read_deliver};
use crate::ports::Env;
use crate::settings::{Accounts, Scope, Site};
use crate::store::cx::Cx;

/// A recovery that an administrator started.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct RecoveryStarted {
    /// ID of the request. A code works with the ID of any request for its account.
    challenge_id: String,
    /// When the link expires.
    expires_at: Time,
    /// When the code expires.
    code_expires_at: Time,
}

/// A recovery that an administrator started, with its secrets.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct RecoveryReturned {
    #[serde(flatten)]
    recovery: RecoveryStarted,
    /// The URL of the page that sets a new password.
    link: String,
    /// What the user types instead of following the link.
    code: String,
}

/// Starts a recovery for a user.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::Reset, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let order = request.members(|fields| {
        let deliver = read_deliver(fields);
        // The secrets of a recovery may live for a day at most (NIST SP 800-63B-4 §4.2.1.2).
        let expires_in = fields.optional_seconds("expires_in", 300..=86_400);
        let reason = read_reason(fields);
        Some(Order {
            deliver: deliver?,
            expires_in: expires_in?,
            reason: reason?,
        })
    })?;
    let settings = IssueSettings {
        branding: settings.branding,
        keyring: settings.keyring,
        lifetimes: settings.challenge,
        rules: settings.issue,
    };
    match start::run(cx, &settings, &id, order, &caller).await {
        Ok(started) => Ok(show(&started, &settings.branding.site)),
        Err(StartRecoveryError::NotFound) => Err(Problem::not_found()),
        Err(StartRecoveryError::Disabled) => Err(Problem::account_disabled()),
        Err(StartRecoveryError::Unavailable(outage)) => Err(outage.into()),
    }
}

fn show(started: &Started, site: &Site) -> Answer {
    let recovery = RecoveryStarted {
        challenge_id: started.challenge_id.as_str().to_owned(),
        expires_at: started.expires_at.into(),
        code_expires_at: started.code_expires_at.into(),
    };
    match &started.secrets {
        None => Answer::of(202, &recovery),
        Some((code, link)) => Answer::of(
            200,
            &RecoveryReturned {
                recovery,
                link: site.reset_link(link),
                code: code.reveal().to_owned(),
            },
        ),
    }
}
