//! `POST /v1/admin/users/:id/recovery`

use serde_json::json;

use crate::flow::recovery::issue::IssueSettings;
use crate::flow::recovery::start::{self, Order, StartRecoveryError, Started};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::{find_id, read_deliver};
use crate::ports::Env;
use crate::settings::{Accounts, Scope, Site};
use crate::store::cx::Cx;

/// Starts a recovery for a user.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::Reset, cx.now)?;
    let id = find_id(id)?;
    let order = request.members(|fields| {
        let deliver = read_deliver(fields);
        // What is issued for a recovery may live for a day at most (NIST SP 800-63B-4 §4.2.1.2).
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
    let challenge_id = started.challenge_id.as_str();
    let expires_at = started.expires_at.rfc3339();
    let code_expires_at = started.code_expires_at.rfc3339();
    match &started.secrets {
        None => {
            let body = json!({
                "challenge_id": challenge_id,
                "expires_at": expires_at,
                "code_expires_at": code_expires_at,
            });
            Answer::json(202, body)
        }
        Some((code, link)) => {
            let body = json!({
                "challenge_id": challenge_id,
                "link": site.reset_link(link),
                "code": code.reveal(),
                "expires_at": expires_at,
                "code_expires_at": code_expires_at,
            });
            Answer::json(200, body)
        }
    }
}
