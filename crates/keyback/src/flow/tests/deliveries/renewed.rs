//! A recovery email that was not tried in time is written anew.

use std::time::Duration;

use serde_json::json;

use crate::courier::after_response;
use crate::ports::NoAnswer;
use crate::testing::{App, Mail, run_while};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// An account whose recovery email was refused once, and the request's `challenge_id`.
fn refused_once() -> (App, String) {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let challenge_id = app.forgot(App::EMAIL).expect(202).text("challenge_id");
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    (app, challenge_id)
}

/// An account whose recovery email was written, in an app that died before it was sent.
fn written_and_not_sent() -> (App, String) {
    ended_where(|app| app.env.http.requests() == 0)
}

/// An account whose recovery email was written, in an app that died where `is_so`, before a try was recorded.
fn ended_where(is_so: impl Fn(&App) -> bool) -> (App, String) {
    for operations in 0..100 {
        let app = App::with_account();
        let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
        let (reply, deferred) = app.answer(&call);
        app.env.store.halt_after(Some(operations));
        let _ = run_while(after_response::run(&app.env, deferred), || {
            !app.env.store.is_halted()
        });
        let is_written = app.env.store.dump().contains("v1:outbox:");
        app.env.store.halt_after(None);
        let is_noted = || app.emails_in("")[0]["attempts"] != 0;
        if is_written && is_so(&app) && !is_noted() {
            return (app, reply.expect(202).text("challenge_id"));
        }
    }
    panic!("it never ended there");
}

#[test]
fn a_mail_that_nobody_tried_in_time_is_written_anew() {
    // The page for typing the code has the request's id, which is forgotten half an hour after the request.
    for (minutes, knows_id) in [(20, true), (40, false)] {
        for (app, challenge_id) in [refused_once(), written_and_not_sent()] {
            app.advance(minutes * MINUTE);
            let report = app.run_courier().json();
            assert_eq!(report["expired"], 1);
            assert_eq!(report["delivered"], 1);
            let [mail] = &app.take_mails()[..] else {
                panic!("one mail");
            };
            assert_eq!(app.emails_in("expired").len(), 1);
            assert_eq!(app.emails_in("sent").len(), 1);
            let verified = if knows_id {
                app.verify(&challenge_id, &mail.code())
            } else {
                app.verify_for(App::EMAIL, &mail.code())
            };
            assert_eq!(verified.status, 200, "{minutes}");
        }
    }
}

#[test]
fn a_clock_that_is_a_day_ahead_for_one_run_keeps_no_recovery_mail_from_coming() {
    for (app, _) in [refused_once(), written_and_not_sent()] {
        app.env.clock.advance(Duration::from_secs(DAY));
        let _ = app.run_courier();
        app.env.clock.set_back(Duration::from_secs(DAY));
        app.run_courier_for(3);
        let [mail] = &app.take_mails()[..] else {
            panic!("one mail");
        };
        assert_eq!(app.reset(&mail.link(), App::NEW_PASSWORD).status, 204);
    }
}

#[test]
fn a_mail_is_written_anew_once() {
    let (app, _) = refused_once();
    for mails in [1, 0] {
        app.env.http.answer_with(503, None);
        app.advance(20 * MINUTE);
        let _ = app.run_courier();
        assert_eq!(app.take_mails().len(), mails);
        app.env.http.answer_with(200, None);
    }
    app.run_courier_for(60);
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.emails_in("expired").len(), 2);
}

#[test]
fn a_mail_is_not_written_anew_if_it_was_of_use_or_is_of_none_any_more() {
    type Meanwhile = fn(&App);
    let meanwhile: [(&str, Meanwhile); 5] = [
        ("its provider took none of it until it expired", |app| {
            app.env.http.answer_with(503, None);
            app.run_courier_for(11);
            let _ = app.take_mails();
            app.env.http.answer_with(200, None);
        }),
        ("the account has another password", |app| {
            let id = app.emails_in("")[0]["user_id"].as_str().unwrap().to_owned();
            let path = format!("/v1/admin/users/{id}/reset-password");
            let body = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
            let _ = app.answer(&app.call(&path, body)).0.expect(200);
        }),
        ("the account is disabled", |app| {
            let id = app.emails_in("")[0]["user_id"].as_str().unwrap().to_owned();
            let call = app.call(&format!("/v1/admin/users/{id}"), json!({"disabled": true}));
            let _ = app.answer(&call.by("PATCH")).0.expect(200);
        }),
        ("it was asked for two days ago", |app| app.advance(2 * DAY)),
        ("a newer mail came", |app| {
            app.advance(11 * MINUTE);
            let _ = app.forgot(App::EMAIL).expect(202);
            assert_eq!(app.take_mails().len(), 1);
        }),
    ];
    for (why, happens) in meanwhile {
        let (app, _) = refused_once();
        happens(&app);
        app.advance(20 * MINUTE);
        app.run_courier_for(3);
        let mails = app.take_mails();
        assert!(!mails.iter().any(Mail::is_recovery), "{why}");
    }
}

#[test]
fn a_mail_that_may_have_arrived_is_not_written_anew() {
    let app = App::with_account();
    app.env.http.fail_with(NoAnswer::Unreachable);
    let _ = app.forgot(App::EMAIL).expect(202);
    let _ = app.take_mails();
    app.env.http.answer_with(200, None);
    app.advance(20 * MINUTE);
    app.run_courier_for(3);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn a_mail_whose_secret_was_used_or_cancelled_is_not_written_anew() {
    for is_cancelled in [false, true] {
        let (app, _) = ended_where(|app| app.env.http.requests() == 1);
        let mail = app.take_mails().remove(0);
        let used = if is_cancelled {
            app.cancel(&mail.cancel())
        } else {
            app.reset(&mail.link(), App::NEW_PASSWORD)
        };
        assert_eq!(used.status, 204);
        let _ = app.take_mails();
        app.advance(20 * MINUTE);
        app.run_courier_for(3);
        let mails = app.take_mails();
        assert!(!mails.iter().any(Mail::is_recovery), "{is_cancelled}");
    }
}

#[test]
fn no_cooldown_keeps_a_mail_from_being_written_anew_and_another_one_begins() {
    let (app, _) = refused_once();
    app.env.variables.set("cooldown_seconds", "3600");
    app.advance(20 * MINUTE);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
    for mails in [0, 1] {
        app.advance(41 * MINUTE);
        let _ = app.forgot(App::EMAIL).expect(202);
        assert_eq!(app.take_mails().len(), mails);
    }
}

#[test]
fn a_mail_that_is_written_anew_counts_once() {
    let (app, _) = refused_once();
    // The second one has to wait for a minute, a third for five.
    app.env.variables.set("limit_account", "1/86400");
    app.advance(20 * MINUTE);
    let _ = app.run_courier();
    assert_eq!(app.take_mails().len(), 1);
    app.advance(2 * MINUTE);
    let _ = app.forgot(App::EMAIL).expect(202);
    assert_eq!(app.take_mails().len(), 1);
}
