//! `GET /v1/health`

use serde_json::json;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::ports::{Env, Outage};
use crate::settings::{self, Everything};
use crate::store::agenda::State;
use crate::store::cx::Cx;

/// Tells whether the variables are good and the store answers.
pub async fn get<E: Env>(cx: &mut Cx<'_, E>) -> Answer {
    answer(cx).await.into()
}

async fn answer<E: Env>(cx: &mut Cx<'_, E>) -> Result<Answer, Problem> {
    match settings::load::<Everything>(cx.env.variables()).await {
        Ok(_) => {
            State::load(cx.store()).await?;
            Ok(Answer::json(200, json!({"status": "ok"})))
        }
        // Names only: what is wrong with a value is for whoever can read it.
        Err(Outage::Variables(names)) => Err(Problem::bad_variables(names)),
        Err(outage) => Err(outage.into()),
    }
}
