//! `GET /v1/admin/users/:id`

use serde::Serialize;

use crate::flow::accounts::activity;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::time::Time;
use crate::http::v1::admin::users::{AccountShown, find_id, shape_of};
use crate::model::recovery::{attempts_day, end_of_day};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// An account, with its locks and pauses.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct AccountDetails {
    #[serde(flatten)]
    account: AccountShown,
    /// The time until which requests from some network send no email.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_paused_until: Option<Time>,
    /// The time until which every code is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes_paused_until: Option<Time>,
    /// Wrong passwords in this hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_sign_ins: Option<i64>,
    /// Refused codes on this day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong_codes: Option<i64>,
}

/// Shows the account, and how long its owner is locked out, if so.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    request.query(&[])?;
    let id = find_id(id)?;
    let (store, now) = (cx.store(), cx.now);
    let day = attempts_day(now);
    let (found, recovery, attempts) = futures::join!(
        accounts::find(store, &id),
        recoveries::find(store, &id),
        recoveries::read_attempts(store, &id, day),
    );
    let account = found?.ok_or_else(Problem::not_found)?;
    let keyring = &settings.keyring;
    let (shape, failed) = futures::join!(
        shape_of(cx, keyring, &account),
        activity::count_failed_sign_ins(cx, keyring, &account),
    );
    let (account, failed, attempts) = (shape?, failed?, attempts?);
    let recovery = recovery?.unwrap_or_default();
    let caps = recovery.caps_on(day, attempts, settings.caps);
    let attempts_left = i64::from(caps.per_day) > attempts;
    let paused = recovery.paused_for_anyone_until(&settings.issue, now);
    let codes_paused = (!attempts_left).then(|| end_of_day(day));
    let details = AccountDetails {
        account,
        recovery_paused_until: paused.map(Time::from),
        codes_paused_until: codes_paused.map(Time::from),
        failed_sign_ins: Some(failed).filter(|it| *it > 0),
        wrong_codes: Some(attempts).filter(|it| *it > 0),
    };
    Ok(Answer::of(200, &details))
}
