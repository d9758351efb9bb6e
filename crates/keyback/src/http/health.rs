//! `GET /v1/health`

use serde_json::json;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::model::client_address::ProxyTrust;
use crate::model::keyring::Keyring;
use crate::model::password_policy::PasswordPolicy;
use crate::model::recovery::{AttemptCaps, IssueRules};
use crate::ports::{Env, KeyValue, Outage};
use crate::settings::{
    self, Access, AppForgotLimit, ForgotLimit, Lifetimes, MailSettings, ResetLimit, SignInLimit,
    Site, VerifyLimit,
};
use crate::store::keys;

/// All variables that any component uses.
type Everything = (
    (Site, Keyring, ProxyTrust, Lifetimes),
    (
        IssueRules,
        AttemptCaps,
        PasswordPolicy,
        Access,
        MailSettings,
    ),
    (
        ForgotLimit,
        AppForgotLimit,
        VerifyLimit,
        ResetLimit,
        SignInLimit,
    ),
);

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
