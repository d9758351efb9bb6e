//! `GET /v1/admin/users/:id`

use serde_json::json;

use crate::flow::accounts::activity;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::users::{find_id, shape_of};
use crate::model::recovery::{attempts_day, end_of_day};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// Shows the account, and until when something keeps its owner out, if anything does.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
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
    let (mut body, failed, attempts) = (shape?, failed?, attempts?);
    let recovery = recovery?.unwrap_or_default();
    let attempts_left = i64::from(recovery.caps_on(day, settings.caps).per_day) > attempts;
    let paused = recovery.paused_for_anyone_until(&settings.issue, now);
    let codes_paused = (!attempts_left).then(|| end_of_day(day));
    // What hardly any account has: all others are shown as they are listed.
    let members = [
        (
            "recovery_paused_until",
            paused.map(|it| json!(it.rfc3339())),
        ),
        (
            "codes_paused_until",
            codes_paused.map(|it| json!(it.rfc3339())),
        ),
        ("failed_sign_ins", (failed > 0).then(|| json!(failed))),
        ("wrong_codes", (attempts > 0).then(|| json!(attempts))),
    ];
    for (name, value) in members {
        if let (Some(body), Some(value)) = (body.as_object_mut(), value) {
            body.insert(name.to_owned(), value);
        }
    }
    Ok(Answer::json(200, body))
}
