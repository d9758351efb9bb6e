//! `POST /v1/courier/run`

use serde_json::json;

use crate::courier::run;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::ports::Env;
use crate::settings::{Courier, Scope};
use crate::store::cx::Cx;

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
    Ok(Answer::json(
        200,
        json!({
            "delivered": report.delivered,
            "retried": report.retried,
            "failed": report.failed,
            "expired": report.expired,
            "remaining": report.remaining,
        }),
    ))
}
