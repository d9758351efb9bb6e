//! Concurrent recovery requests, each with the work after its answer.

use serde_json::json;

use super::reset;
use crate::courier::after_response;
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, exchange};

/// How many orders are run: these callers take many turns.
const MOST: usize = 500;

/// Makes `calls` and does the work after their answers, all concurrently.
fn race(app: &App, calls: &[Call], check: impl Fn(&App, &[u16])) {
    let begin = || {
        let app = app.fork();
        let caller = |call: &Call| -> Caller<u16> {
            let (env, call) = (app.env.clone(), call.clone());
            Box::pin(async move {
                let (reply, deferred) = exchange(&env, &call).await;
                after_response::run(&env, deferred).await;
                reply.status
            })
        };
        let callers = calls.iter().map(caller).collect();
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, statuses| check(&app, &statuses));
    assert!(explored.orders >= MOST, "{explored:?}");
}

#[test]
fn two_requests_for_one_account_bring_one_mail() {
    let app = App::with_account();
    let forgot = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    race(&app, &[forgot.clone(), forgot], |app, statuses| {
        assert_eq!(statuses, [202, 202]);
        app.advance(61);
        let _ = app.run_courier();
        let mails = app.take_mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
    });
}

#[test]
fn a_reset_against_a_newer_request_leaves_one_password_in_force() {
    let app = App::with_account();
    let recovery = app.recover();
    app.advance(60);
    let calls = [
        reset(&app, &recovery.link, App::NEW_PASSWORD),
        app.call("/v1/forgot-password", json!({"email": App::EMAIL})),
    ];
    race(&app, &calls, |app, statuses| {
        assert_eq!(statuses[1], 202);
        let changed = statuses[0] == 204;
        assert!(changed || statuses[0] == 400, "{statuses:?}");
        assert_eq!(app.knows(App::NEW_PASSWORD), changed);
        let mails = app.take_mails();
        let told = mails.iter().filter(|mail| !mail.is_recovery()).count();
        assert_eq!(told, usize::from(changed));
        let again = app.reset(&recovery.link, App::OTHER_PASSWORD);
        assert_eq!(again.status, 400);
        let newer = mails.iter().find(|mail| mail.is_recovery());
        if let (false, Some(mail)) = (changed, newer) {
            let reply = app.reset(&mail.link(), App::OTHER_PASSWORD);
            assert_eq!(reply.status, 204);
        }
    });
}

#[test]
fn a_request_against_a_cancel_of_the_one_before_keeps_its_own_mail_good() {
    let app = App::with_account();
    let recovery = app.recover();
    app.advance(60);
    let calls = [
        app.call("/v1/cancel-recovery", json!({"token": recovery.cancel})),
        app.call("/v1/forgot-password", json!({"email": App::EMAIL})),
    ];
    race(&app, &calls, |app, statuses| {
        assert!([204, 400].contains(&statuses[0]), "{statuses:?}");
        let old = app.reset(&recovery.link, App::NEW_PASSWORD);
        assert_eq!(old.status, 400);
        let mails = app.take_mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        let new = app.reset(&mails[0].link(), App::NEW_PASSWORD);
        assert_eq!(new.status, 204);
    });
}

#[test]
fn requests_at_the_limit_of_all_take_no_slot_from_each_other() {
    let app = App::with_account();
    app.env.variables.set("limit_app_forgot", "2/60");
    let forgot = |email: &str| app.call("/v1/forgot-password", json!({"email": email}));
    let calls = [forgot(App::EMAIL), forgot(App::NOBODY), forgot(App::NOBODY)];
    race(&app, &calls, |app, statuses| {
        let with = |status: u16| statuses.iter().filter(|it| **it == status).count();
        assert_eq!((with(202), with(429)), (2, 1));
        let mails = app.take_mails().len();
        let expected = usize::from(statuses[0] == 202);
        assert_eq!(mails, expected, "no entry was written over");
    });
}
