//! `GET` and `DELETE /v1/admin/users/:id/challenge`

use serde::Serialize;

use crate::flow::recovery::find_challenge;
use crate::flow::recovery::stop::{self, StopRecoveryError};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::time::Time;
use crate::http::v1::admin::read_reason_anywhere;
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// The recovery in progress, if there is one.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct ChallengeShown {
    /// Null if there is none.
    challenge: Option<LiveChallenge>,
}

/// A recovery in progress.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct LiveChallenge {
    issued_at: Time,
    /// When the later of its link and its code expires. Once the code was used, when the `reset_token` for it does.
    expires_at: Time,
}

/// Returns whether a recovery of the account is live, and until when. Contains no secret.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let lifetime = settings.challenge.reset_token;
    let found = find_challenge::run(cx, lifetime, &id).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let challenge = found.map(|challenge| LiveChallenge {
        issued_at: challenge.issued_at.into(),
        expires_at: challenge.expires_at.into(),
    });
    Ok(Answer::of(200, &ChallengeShown { challenge }))
}

/// Stops a recovery that is under way. Without one it does nothing, and the answer is the same.
pub(in crate::http) async fn delete<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::Reset, cx.now)?;
    let id = find_id(id)?;
    let reason = read_reason_anywhere(request)?;
    let lifetime = settings.challenge.reset_token;
    match stop::run(cx, lifetime, &id, &caller, reason).await {
        Ok(()) => Ok(Answer::no_content()),
        Err(StopRecoveryError::NotFound) => Err(Problem::not_found()),
        Err(StopRecoveryError::Unavailable(outage)) => Err(outage.into()),
    }
}
