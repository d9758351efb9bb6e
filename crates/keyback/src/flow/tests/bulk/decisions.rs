//! A decision about an account after a job was ordered is not undone by the job.

use serde_json::json;

use super::{assert_is, delete, events, ids, patch, signs_in, start, with_accounts};
use crate::courier::after_response;
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, exchange};

/// How many orders are run.
const MOST: usize = 300;

fn require(app: &App, number: usize, required: bool) {
    let path = format!("/v1/admin/users/user{number}/password-change");
    let call = app.call(&path, json!({"required": required})).by("PUT");
    let _ = app.make(&call).expect(204);
}

fn set_password(app: &App, number: usize) {
    let path = format!("/v1/admin/users/user{number}/reset-password");
    let order = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
    let _ = app.make(&app.call(&path, order)).expect(200);
}

#[test]
fn an_account_that_was_enabled_meanwhile_stays_enabled() {
    let app = with_accounts(3);
    patch(&app, 0, json!({"disabled": true}));
    app.advance(120);
    let path = start(&app, json!({"action": "disable", "filter": {}}));
    patch(&app, 0, json!({"disabled": false}));
    patch(&app, 1, json!({"locale": "de"}));
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [3, 2, 1, 0]);
    assert_eq!(
        [0, 1, 2].map(|number| signs_in(&app, number)),
        [200, 401, 401]
    );
}

#[test]
fn a_password_that_was_changed_or_a_demand_that_was_lifted_meanwhile_stays_so() {
    let app = with_accounts(4);
    require(&app, 0, true);
    app.advance(120);
    let path = start(&app, json!({"action": "require-change", "filter": {}}));
    require(&app, 0, false);
    set_password(&app, 1);
    require(&app, 2, true);
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [4, 1, 3, 0]);
    assert_eq!(events(&app, 1), ["password.changed", "sessions.revoked"]);
    assert_eq!(events(&app, 2), ["password.change_required"]);
    assert_eq!(events(&app, 3), ["password.change_required"]);
}

#[test]
fn sessions_that_were_ended_meanwhile_are_not_ended_again() {
    let app = with_accounts(2);
    let path = start(&app, json!({"action": "sign-out", "ids": ids(0..2)}));
    set_password(&app, 0);
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [2, 1, 1, 0]);
}

#[test]
fn an_account_that_does_not_match_any_more_or_is_gone_is_skipped() {
    let app = with_accounts(4);
    let filter = json!({"disabled": false});
    let path = start(&app, json!({"action": "sign-out", "filter": filter}));
    let named = start(&app, json!({"action": "sign-out", "ids": ids(0..4)}));
    patch(&app, 0, json!({"disabled": true}));
    delete(&app, 1);
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [4, 2, 2, 0]);
    // The other job was first, except for the account that it skipped.
    assert_is(&app, &named, "done", [4, 1, 2, 1]);
}

fn courier(app: &App) -> Caller<u16> {
    let (env, call) = (app.env.clone(), app.call("/v1/courier/run", json!({})));
    Box::pin(async move { exchange(&env, &call).await.0.status })
}

/// Makes a call, and does the work after its answer.
fn caller(app: &App, call: Call) -> Caller<u16> {
    let env = app.env.clone();
    Box::pin(async move {
        let (reply, deferred) = exchange(&env, &call).await;
        after_response::run(&env, deferred).await;
        reply.status
    })
}

/// Runs the callers in many orders, lets the job finish, and passes the app to `check`.
fn race(app: &App, callers: impl Fn(&App) -> Vec<Caller<u16>>, check: impl Fn(&App)) {
    let begin = || {
        let app = app.fork();
        let callers = callers(&app);
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, statuses| {
        assert!(statuses.iter().all(|status| *status < 300), "{statuses:?}");
        for _ in 0..4 {
            app.advance(61);
            let _ = app.run_courier();
        }
        check(&app);
    });
    assert!(explored.orders >= MOST, "{explored:?}");
}

#[test]
fn two_couriers_give_each_account_one_turn() {
    let app = with_accounts(2);
    let path = start(&app, json!({"action": "sign-out", "filter": {}}));
    race(
        &app,
        |app| vec![courier(app), courier(app)],
        |app| {
            assert_is(app, &path, "done", [2, 2, 0, 0]);
            for number in 0..2 {
                assert_eq!(events(app, number), ["sessions.revoked"]);
            }
        },
    );
}

#[test]
fn a_reset_and_a_demand_leave_one_of_both() {
    let app = with_accounts(1);
    let path = start(&app, json!({"action": "require-change", "filter": {}}));
    let order = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
    let reset = app.call("/v1/admin/users/user0/reset-password", order);
    race(
        &app,
        |app| vec![courier(app), caller(app, reset.clone())],
        |app| {
            // Whatever the order: the new password is the user's, and need not be changed.
            let account = app.make(&Call::get("/v1/admin/users/user0"));
            let account = account.expect(200).json();
            assert_eq!(account["credential"]["must_change"], false, "{account}");
            assert_eq!(job_counts(app, &path), 1);
        },
    );
}

#[test]
fn a_deletion_and_a_job_leave_no_account() {
    let app = with_accounts(1);
    let path = start(&app, json!({"action": "disable", "filter": {}}));
    let gone = app.call("/v1/admin/users/user0", json!(null)).by("DELETE");
    race(
        &app,
        |app| vec![courier(app), caller(app, gone.clone())],
        |app| {
            let _ = app.make(&Call::get("/v1/admin/users/user0")).expect(404);
            assert_eq!(job_counts(app, &path), 1);
        },
    );
}

#[test]
fn two_jobs_do_the_same_once() {
    let app = with_accounts(1);
    let one = start(&app, json!({"action": "disable", "filter": {}}));
    let two = start(&app, json!({"action": "disable", "ids": ["user0"]}));
    race(
        &app,
        |app| vec![courier(app), courier(app)],
        |app| {
            assert_eq!(events(app, 0), ["account.disabled"]);
            assert_eq!(job_counts(app, &one), 1);
            assert_eq!(job_counts(app, &two), 1);
        },
    );
}

/// How many accounts a finished job has accounted for.
#[track_caller]
fn job_counts(app: &App, path: &str) -> u64 {
    let job = super::job(app, path);
    assert_eq!(job["state"], "done", "{job}");
    ["done", "skipped", "failed"]
        .iter()
        .map(|name| job[name].as_u64().unwrap())
        .sum()
}
