//! `GET /v1/health`

use serde_json::json;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::ports::{Env, KeyValue, Outage};
use crate::settings::{self, Everything};
use crate::store::keys;

/// Tells whether the variables are good and the store answers.
pub async fn get<E: Env>(env: &E) -> Answer {
    answer(env).await.into()
}

async fn answer<E: Env>(env: &E) -> Result<Answer, Problem> {
    match settings::load::<Everything>(env.variables()).await {
        Ok(_) => {
            env.store().get(&keys::agenda_cursor()).await?;
            Ok(Answer::json(200, json!({"status": "ok"})))
        }
        // Names only: what is wrong with a value is for whoever can read it.
        Err(Outage::Variables(names)) => Err(Problem::bad_variables(names)),
        Err(outage) => Err(outage.into()),
    }
}
