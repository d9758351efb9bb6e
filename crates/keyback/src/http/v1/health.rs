//! `GET /v1/health`

use serde_json::json;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::ports::Env;
use crate::settings::{self, Courier, Findings};
use crate::store::agenda::State;
use crate::store::cx::Cx;

/// Checks all variables, and reads one record of the store. Variables that stop no call are among the `warnings`.
pub async fn get<E: Env>(cx: &mut Cx<'_, E>) -> Answer {
    answer(cx).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>) -> Result<Answer, Problem> {
    // No values: they may be secret, and the call is public.
    let Findings { bad, warnings } = settings::check::<Courier>(cx.env.variables()).await;
    if !bad.is_empty() {
        return Err(Problem::bad_variables(&bad));
    }
    State::load(cx.store()).await?;
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let body = if warnings.is_empty() {
        json!({"status": "ok"})
    } else {
        json!({"status": "ok", "warnings": warnings})
    };
    Ok(Answer::json(200, body))
}
