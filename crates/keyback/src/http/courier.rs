//! `POST /v1/courier/run`

use serde_json::json;

use crate::courier::report::Budget;
use crate::courier::run;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::ports::Env;
use crate::settings::{self, Everything, Scope};
use crate::store::cx::Cx;

/// Works all that is due. A body is neither needed nor read.
pub async fn post<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Answer {
    answer(cx, request).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>, request: &Request) -> Result<Answer, Problem> {
    // With any variable bad, some task could not be done: nothing is begun.
    let ((..), (.., access, _), (..)) = settings::load::<Everything>(cx.env.variables()).await?;
    authorise(request, &access, Scope::Courier, cx.now)?;
    let report = run::run(cx.env, cx.now, Budget::All).await?;
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
