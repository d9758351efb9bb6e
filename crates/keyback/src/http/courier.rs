//! `POST /v1/courier/run`

use serde_json::json;

use crate::flow::round::Budget;
use crate::flow::work_agenda;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::ports::{Clock, Env};
use crate::settings::{self, Everything, Scope};

/// Works all that is due. A body is neither needed nor read.
pub async fn post<E: Env>(env: &E, request: &Request) -> Answer {
    answer(env, request).await.into()
}

async fn answer<E: Env>(env: &E, request: &Request) -> Result<Answer, Problem> {
    // With any variable bad, some task could not be done: nothing is begun.
    let ((..), (.., access, _), (..)) = settings::load::<Everything>(env.variables()).await?;
    authorise(request, &access, Scope::Courier, env.clock().now())?;
    let report = work_agenda::run(env, env.clock().now(), Budget::All).await?;
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
