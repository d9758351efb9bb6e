//! Logs and counts each failed attempt, without the secret that was tried.
//!
//! Works on the finished answer of every call, so that no call can forget it, and equal answers leave equal traces.

use crate::http::answer::Answer;
use crate::http::problem::{Problem, ProblemType};
use crate::http::request::Request;
use crate::model::failed_attempt::FailedAttempt;
use crate::model::limit::{Limit, LimitExceeded};
use crate::model::log_line::LogLine;
use crate::ports::{Env, Log as _, Unavailable};
use crate::settings::{self, Counting};
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};

/// How many wrong keys a client may send. Requests with a valid key are never counted, so a portal behind the same address
/// keeps working.
const WRONG_KEYS: NamedLimit = NamedLimit {
    name: "wrong-api-keys",
    limit: Limit::new(200, 60),
};

/// Records a failed attempt, if `answer` reports one. A client with too many wrong keys gets another answer instead.
pub(super) async fn note<E: Env>(cx: &mut Cx<'_, E>, request: &Request, answer: Answer) -> Answer {
    let problem = answer.problem().map(|problem| problem.kind);
    let failed = if answer.refuses_key() && brings_key(request) {
        Some(FailedAttempt::ApiKey)
    } else {
        problem.and_then(failed_attempt)
    };
    let Some(attempt) = failed else {
        return answer;
    };
    cx.env.log().write(&LogLine::AttemptFailed {
        request_id: request.id().to_owned(),
        attempt,
    });
    // Wrong passwords are already counted for their account.
    cx.deferred.failed = Some(attempt).filter(|it| *it != FailedAttempt::Password);
    if attempt != FailedAttempt::ApiKey {
        return answer;
    }
    // Boxed: hardly any request gets here, and otherwise every request would reserve its memory.
    match Box::pin(count_wrong_key(cx, request)).await {
        Ok(Some(exceeded)) => Problem::rate_limited(exceeded).into(),
        Ok(None) => answer,
        // The key is still wrong.
        Err(outage) => {
            cx.env.log().write(&LogLine::WorkFailed { outage });
            answer
        }
    }
}

/// The kind of attempt that failed, if this problem reports one.
fn failed_attempt(problem: ProblemType) -> Option<FailedAttempt> {
    match problem {
        ProblemType::InvalidOtp => Some(FailedAttempt::Code),
        ProblemType::InvalidCredentials => Some(FailedAttempt::Password),
        ProblemType::InvalidResetToken => Some(FailedAttempt::Token),
        ProblemType::NotAuthentic => Some(FailedAttempt::Webhook),
        _ => None,
    }
}

/// Whether there is a bearer token, readable or not, or a token in the URL of the courier's run.
fn brings_key(request: &Request) -> bool {
    let mut values = request.headers().get_all("authorization").iter();
    let has_bearer = values.any(|value| {
        let value = value.as_bytes().trim_ascii();
        let scheme = value.get(..6).unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer") && value.len() > scheme.len()
    });
    has_bearer || brings_url_token(request)
}

/// Whether it is a run of the courier by URL, with a token.
fn brings_url_token(request: &Request) -> bool {
    let is_run = request.segments() == ["v1", "courier", "run"];
    let token = request.parameter("token");
    is_run && request.method() != "POST" && token.is_some_and(|token| !token.is_empty())
}

async fn count_wrong_key<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
) -> Result<Option<LimitExceeded>, Unavailable> {
    let Counting { keyring, trust } = settings::load(cx.env.variables()).await?;
    let client = request.client(&trust);
    let counted = limiter::count(cx, &keyring, WRONG_KEYS, client).await?;
    Ok(counted.exceeded)
}
