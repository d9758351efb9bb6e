//! Couriers that stall for longer than they may work on an entry, or on the agenda.

use serde_json::{Value, json};

use super::{WORK, at_every_stall, come_back_later, events, left_over, with_ann};
use crate::courier::after_response;
use crate::ports::NoAnswer;
use crate::testing::{App, Call, block_on};

fn courier(app: &App) -> Call {
    app.call("/v1/courier/run", json!({}))
}

/// Ann's unprocessed request, due now.
fn with_a_due_request() -> App {
    let app = with_ann();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.advance(61);
    app
}

fn run(app: &App) {
    let _ = app.run_courier();
}

#[test]
fn a_mail_is_sent_once() {
    let app = with_a_due_request();
    at_every_stall(&app, &courier(&app), WORK, run, |app, _, ()| {
        come_back_later(app);
        assert_eq!(app.take_mails().len(), 1);
        assert_eq!(app.emails_in("sent").len(), 1);
        assert_eq!(events(app), ["account.created", "recovery.requested"]);
        assert_eq!(left_over(app, &with_ann()), Vec::<String>::new());
    });
}

/// The provider's answer to the first courier is out of date when that resumes: another courier has sent the email.
#[test]
fn a_mail_that_another_courier_has_sent_stays_sent() {
    let app = with_a_due_request();
    // The email is written, and due.
    app.env.http.fail_with(NoAnswer::Unreachable);
    run(&app);
    let _ = app.take_mails();
    app.advance(61);
    for answer in [Ok((422, None)), Ok((503, None)), Err(NoAnswer::TimedOut)] {
        app.env.http.answer_from("", answer);
        let meanwhile = |app: &App| {
            app.env.http.answer_with(200, None);
            run(app);
        };
        at_every_stall(&app, &courier(&app), WORK, meanwhile, |app, _, ()| {
            let sent = app.emails_in("sent").len();
            let before = events(app);
            come_back_later(app);
            assert!(sent <= app.emails_in("sent").len());
            if sent == 1 {
                assert_eq!(events(app), before);
                assert!(!before.contains(&"email.failed".to_owned()));
            }
            assert_eq!(left_over(app, &with_ann()), Vec::<String>::new());
        });
    }
}

fn with_receiver(app: &App) {
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set(
        "webhook_secret",
        "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==",
    );
}

#[test]
fn an_event_is_told_once_though_its_courier_stalls_and_nothing_is_left() {
    let fresh = with_ann();
    with_receiver(&fresh);
    let app = fresh.fork();
    let change = app.call("/v1/admin/users/ann", json!({"locale": "de"}));
    let (_, _crashed) = app.answer(&change.by("PATCH"));
    app.advance(61);
    at_every_stall(&app, &courier(&app), WORK, run, |app, _, ()| {
        come_back_later(app);
        let told = app.take_webhooks();
        assert_eq!(told.len(), 1);
        assert_eq!(left_over(app, &fresh), Vec::<String>::new());
    });
}

/// Work that is parked and brought back is done even if a stalled process resumes with old data.
#[test]
fn nothing_that_is_parked_is_lost() {
    let fresh = with_ann();
    let app = fresh.fork();
    let _ = app.recover();
    app.env.http.answer_with(503, None);
    let _ = app.make(&super::set_password(&app, App::PASSWORD));
    let _ = app.take_mails();
    // To be parked now, and brought back in some minutes, hours and days.
    let mut steps = vec![app.fork()];
    for seconds in [600, 3 * 3_600, 2 * 86_400, 40 * 86_400] {
        app.advance(seconds);
        steps.push(app.fork());
        app.env.http.answer_with(200, None);
        run(&app);
    }
    for app in steps {
        let more = |app: &App| {
            app.env.http.answer_with(200, None);
            let _ = app.make(&app.call("/v1/admin/users/ann", locale(app)).by("PATCH"));
            run(app);
            app.advance(121);
            run(app);
        };
        at_every_stall(&app, &courier(&app), WORK, more, |app, _, ()| {
            assert_eq!(left_over(app, &fresh), Vec::<String>::new());
            assert_eq!(app.emails_in("pending"), Vec::<Value>::new());
        });
    }
}

/// Another language than ann has.
fn locale(app: &App) -> Value {
    let account = super::account(app, "ann");
    json!({"locale": if account["locale"] == "de" { "fr" } else { "de" }})
}

/// A request does not start the work after its answer when others may soon take it.
#[test]
fn a_request_that_is_late_leaves_its_work_to_others() {
    let app = with_ann();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let _ = app.forgot(App::NOBODY);
    for (late, mails) in [(44, 1), (48, 0)] {
        let app = app.fork();
        let (_, deferred) = app.answer(&call);
        app.advance(late);
        let _ = app.env.store.take_operations();
        block_on(after_response::run(&app.env, deferred));
        assert_eq!(app.take_mails().len(), mails, "{late} s late");
        let operations = app.env.store.take_operations().len();
        assert_eq!(operations == 0, mails == 0, "{late} s late");
        come_back_later(&app);
        assert_eq!(mails + app.take_mails().len(), 1);
    }
}
