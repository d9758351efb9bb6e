//! `POST /v1/courier/run`, and the same as a GET, for schedulers that can send nothing else.

use serde::Serialize;

use crate::courier::run::{self, RunTime};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::limit::Limit;
use crate::ports::Env;
use crate::settings::{Courier, Scope};
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};

/// One run per half minute in total: a run by URL is over by then.
const RUNS_BY_URL: NamedLimit = NamedLimit {
    name: "courier-url",
    limit: Limit::new(1, 30),
};

/// What a run of the courier did.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct CourierReport {
    /// Emails that a provider accepted.
    delivered: u32,
    /// Emails that will be retried.
    retried: u32,
    /// Emails that will not be retried automatically.
    failed: u32,
    /// Emails whose secret expired before they could be sent.
    expired: u32,
    /// Due entries that are left for the next run.
    remaining: u32,
}

/// Does all work that is due. A body is neither needed nor read.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Courier,
) -> Result<Answer, Problem> {
    authorise(
        request,
        &settings.reset_password.access,
        Scope::Courier,
        cx.now,
    )?;
    let report = run::run_all(cx.env, cx.now, RunTime::USUAL).await?;
    run::follow_directory(cx.env, RunTime::USUAL).await;
    let body = CourierReport {
        delivered: report.delivered,
        retried: report.retried,
        failed: report.failed,
        expired: report.expired,
        remaining: report.remaining,
    };
    Ok(Answer::of(200, &body))
}

/// Does the work that is due, for a caller whose URL has the token of `courier_url_token`.
///
/// URLs end up in logs. So the token allows only this call, the answer reveals nothing, and repeated calls do no more.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Courier,
) -> Result<Answer, Problem> {
    let query = request.query(&["token"])?;
    let token = &settings.url_token;
    if !token.is_set() {
        return Err(Problem::method_not_allowed("POST"));
    }
    if !query.text("token").is_some_and(|text| token.is(text)) {
        return Err(Problem::unauthorized());
    }
    let counted = limiter::count_all(cx, RUNS_BY_URL).await?;
    if let Some(exceeded) = counted.exceeded {
        return Err(Problem::rate_limited(exceeded));
    }
    run::run_all(cx.env, cx.now, RunTime::SHORT).await?;
    run::follow_directory(cx.env, RunTime::SHORT).await;
    Ok(Answer::no_content())
}
