//! `POST /v1/courier/run`

use serde::Serialize;

use crate::courier::run;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::ports::Env;
use crate::settings::{Courier, Scope};
use crate::store::cx::Cx;

/// What a run of the courier did.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct CourierReport {
    /// Mails and webhooks that were accepted.
    delivered: u32,
    /// Those that will be tried again.
    retried: u32,
    /// Those that were given up.
    failed: u32,
    /// Mails whose secret expired before they could be sent.
    expired: u32,
    /// Entries that are due and were left for the next run.
    remaining: u32,
}

/// Works all that is due. A body is neither needed nor read.
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
    let report = run::run_all(cx.env, cx.now).await?;
    run::follow_directory(cx.env).await;
    let body = CourierReport {
        delivered: report.delivered,
        retried: report.retried,
        failed: report.failed,
        expired: report.expired,
        remaining: report.remaining,
    };
    Ok(Answer::of(200, &body))
}
