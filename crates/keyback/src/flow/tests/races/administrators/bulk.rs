//! A bulk job that the courier runs, against a reset that is under way, at every operation on the store.

use std::cell::Cell;

use serde_json::{Value, json};

use super::{ANN, account, against_resets_of, events, with_ann};
use crate::testing::{App, Call, Mail};

const BULK: &str = "/v1/admin/users/bulk";

/// Runs a job that was ordered before the courier and the reset started. `check` gets whether the reset was answered as
/// done, and whether the job reports a change rather than a skipped account.
fn job_against_resets(order: Value, check: impl Fn(&App, bool, bool)) {
    let (app, recovery) = with_ann();
    app.advance(180);
    let _ = app.run_courier();
    let job = app.make(&app.call(BULK, order)).expect(202);
    let path = job.header("location").to_owned();
    let job = |app: &App| app.make(&Call::get(&path)).expect(200).json();
    let (resets, refusals) = (Cell::new(0), Cell::new(0));
    against_resets_of(
        (app, recovery),
        |app| app.call("/v1/courier/run", json!({})),
        |app, done, _| {
            app.run_courier_for(1);
            if job(app)["state"] == "running" {
                app.run_courier_for(3);
            }
            let job = job(app);
            let counts = ["done", "skipped", "failed"].map(|name| job[name].as_u64());
            let acted = counts == [1, 0, 0].map(Some);
            assert!(acted || counts == [0, 1, 0].map(Some), "{job}");
            assert_eq!(job["state"], "done");
            check(app, done, acted);
            let seen = if done { &resets } else { &refusals };
            seen.set(seen.get() + 1);
        },
    );
    assert!(resets.get() > 0 && refusals.get() > 0, "each comes first");
}

/// The password is the one that the reset set, or the one before if it was refused.
#[track_caller]
fn assert_password(app: &App, done: bool) {
    assert_eq!(app.knows(App::NEW_PASSWORD), done);
    assert_eq!(app.knows(App::PASSWORD), !done);
}

#[test]
fn an_account_that_a_job_disables_stays_disabled_whatever_it_is_reset_to() {
    let order = json!({"action": "disable", "filter": {}});
    job_against_resets(order, |app, done, acted| {
        assert!(acted);
        assert_eq!(account(app)["disabled"], true);
        assert_eq!(events(app, "account.disabled"), 1);
        let _ = app.make(&app.call(ANN, json!({"disabled": false})).by("PATCH"));
        assert_password(app, done);
    });
}

#[test]
fn a_job_requires_a_change_of_the_password_before_a_reset_and_of_none_that_it_set() {
    let order = json!({"action": "require-change", "ids": ["ann"]});
    job_against_resets(order, |app, done, acted| {
        assert_eq!(acted, !done);
        assert_eq!(account(app)["credential"]["must_change"], !done);
        assert_eq!(events(app, "password.change_required"), usize::from(!done));
        assert_password(app, done);
    });
}

#[test]
fn a_job_and_a_reset_end_sessions_once_between_them() {
    let order = json!({"action": "sign-out", "filter": {}});
    job_against_resets(order, |app, done, acted| {
        assert_eq!(acted, !done);
        assert_eq!(events(app, "sessions.revoked"), 1);
        assert_password(app, done);
    });
}

#[test]
fn a_job_mails_a_link_that_works_or_the_reset_has_set_the_password() {
    let order = json!({"action": "recover", "ids": ["ann"]});
    job_against_resets(order, |app, done, acted| {
        assert_password(app, done);
        assert!(acted || done);
        let mut mails = app.take_mails();
        mails.retain(Mail::is_recovery);
        assert!(mails.len() <= 1, "{mails:?}");
        mails.retain(|mail| app.check(&mail.link()).status == 200);
        assert_eq!(mails.len(), usize::from(!done));
        for mail in mails {
            let _ = app.reset(&mail.link(), App::OTHER_PASSWORD).expect(204);
            assert_eq!(
                account(app)["credential"]["must_change"],
                Value::Bool(false)
            );
        }
    });
}
