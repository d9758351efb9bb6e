//! `GET /v1/health`

use serde::Serialize;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::model::failed_attempt::FailedAttempt;
use crate::ports::Env;
use crate::settings::{self, Courier, Findings};
use crate::store::accounts::Folding;
use crate::store::cx::Cx;
use crate::store::{failed_attempts, probe};

/// The app works.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct Health {
    #[cfg_attr(test, schemars(extend("enum" = ["ok"])))]
    status: &'static str,
    /// What needs attention but stops no call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// Checks all variables, and that the store can be read and written. `warnings` also lists variables that stop no call,
/// kinds of attempts that fail more often than usual, and that addresses are taken.
pub(in crate::http) async fn get<E: Env>(cx: &mut Cx<'_, E>) -> Result<Answer, Problem> {
    // No values: they may be secret, and the call is public.
    let Findings { bad, warnings } = settings::check::<Courier>(cx.env.variables()).await;
    if !bad.is_empty() {
        return Err(Problem::bad_variables(&bad));
    }
    probe::check(cx.store(), cx.now)
        .await
        .map_err(Problem::failed_store)?;
    let mut warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let sprays = failed_attempts::find_sprays(cx.store(), cx.now).await?;
    warnings.extend(sprays.into_iter().map(warning));
    if Folding::finds_taken(cx.store()).await? {
        warnings.push(TAKEN.to_owned());
    }
    let status = "ok";
    Ok(Answer::of(200, &Health { status, warnings }))
}

/// Shown until an administrator has given each account its own address, or deleted one of two.
const TAKEN: &str =
    "accounts: some share an address with an account created earlier (see email_taken_by)";

/// Only a count and a kind, since the call is public.
fn warning(attempt: FailedAttempt) -> String {
    let usual = FailedAttempt::USUAL.count();
    format!("{}: more than {usual} in an hour", attempt.plural())
}
