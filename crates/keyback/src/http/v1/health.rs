//! `GET /v1/health`

use serde_json::json;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::ports::{Env, Unavailable};
use crate::settings::{self, Courier};
use crate::store::agenda::State;
use crate::store::cx::Cx;

/// Checks all variables, and reads one record of the store.
pub async fn get<E: Env>(cx: &mut Cx<'_, E>) -> Answer {
    answer(cx).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>) -> Result<Answer, Problem> {
    match settings::load::<Courier>(cx.env.variables()).await {
        Ok(_) => {
            State::load(cx.store()).await?;
            Ok(Answer::json(200, json!({"status": "ok"})))
        }
        // Names only: a value may be secret, and the call is public.
        Err(Unavailable::Variables(names)) => Err(Problem::bad_variables(names)),
        Err(outage) => Err(outage.into()),
    }
}
