//! The process may end between any two operations on the store. The promised work is then done later, once, and nothing
//! stays behind.

mod bulk;
mod deliveries;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::testing::{App, Call, Mail, exchange, run_while};

const YEAR: u64 = 365 * 86_400;

/// Runs `act` on copies of `app` that crash after 0, 1, 2, … operations, and at last on one that does not. `check` gets
/// each copy, with the note as far as `act` had written it.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a closure reads best where it is passed"
)]
fn at_every_operation<N: Default>(
    app: &App,
    act: impl AsyncFn(&App, &mut N),
    check: impl Fn(App, N, u64),
) {
    for operations in 0..1_000 {
        let app = app.fork();
        let mut note = N::default();
        app.env.store.halt_after(Some(operations));
        let ended = run_while(act(&app, &mut note), || !app.env.store.is_halted()).is_some();
        app.env.store.halt_after(None);
        check(app, note, operations);
        if ended {
            assert!(operations > 2, "it did something");
            return;
        }
    }
    panic!("no end");
}

/// An app with an account, late in the hour: the clean-up of work that is repeated a minute or two later falls into
/// another hour, or day.
fn late_in_the_hour() -> App {
    let app = App::with_account();
    app.advance(49 * 60);
    app
}

/// Lets time pass and runs the courier, as often as any work delayed by a crash may need.
fn come_back_later(app: &App) {
    for _ in 0..6 {
        app.advance(60);
        let _ = app.run_courier();
    }
}

/// One email, however often the provider was asked to send it.
fn the_one(mails: &[Mail]) -> &Mail {
    assert!((1..=2).contains(&mails.len()), "{mails:?}");
    assert_eq!(
        mails[0].idempotency_key,
        mails[mails.len() - 1].idempotency_key
    );
    &mails[0]
}

/// What is left after everything has expired, except for what a fresh app with the account contains too.
fn left_over(app: &App) -> Vec<String> {
    come_back_later(app);
    for _ in 0..2 {
        app.advance(YEAR);
        let _ = app.run_courier();
    }
    let fresh = App::with_account();
    fresh.advance(YEAR);
    let _ = fresh.run_courier();
    app.left_over(&fresh)
}

#[test]
fn a_request_that_was_answered_brings_its_mail_whatever_crashes_after_the_answer() {
    let forgot = async |app: &App, answered: &mut Option<String>| {
        let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
        let (reply, deferred) = exchange(&app.env, &call).await;
        *answered = Some(reply.expect(202).text("challenge_id"));
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&late_in_the_hour(), forgot, |app, answered, operations| {
        let sent_before = app.env.http.requests();
        come_back_later(&app);
        let mails = app.take_mails();
        let Some(challenge_id) = answered else {
            // It may have been accepted, but it was not promised.
            assert!(mails.len() <= 1, "{operations}");
            return;
        };
        let mail = the_one(&mails);
        assert!(
            mails.len() == 1 || sent_before == 1,
            "sent twice after {operations}"
        );
        assert_eq!(
            app.verify(&challenge_id, &mail.code()).status,
            200,
            "{operations}"
        );
        assert_eq!(left_over(&app), Vec::<String>::new(), "after {operations}");
    });
}

/// A call that crashes before its answer, or whose work after the answer is lost, leaves at most counters of calls and
/// slots. A crash between counting and scheduling the counter's deletion has to leave the counter.
fn leaves_counters_at_most(app: &App, path: &str, body: &Value) {
    let act = async |app: &App, (): &mut ()| {
        let (reply, _) = exchange(&app.env, &app.call(path, body.clone())).await;
        assert!(reply.status < 300, "{reply:?}");
    };
    at_every_operation(app, act, |app, (), operations| {
        let left_over = left_over(&app);
        let kinds = ["v1:limit:", "v1:lease:", "v1:attempts:.:0"];
        let is_counter = |name: &String| kinds.iter().any(|kind| name.starts_with(kind));
        let few = left_over.len() <= 2 && left_over.iter().all(is_counter);
        assert!(few, "{left_over:?} after {operations} of {path}");
    });
}

#[test]
fn a_crash_before_the_answer_leaves_counters_at_most() {
    let app = late_in_the_hour();
    let email = json!({"email": App::EMAIL});
    leaves_counters_at_most(&app, "/v1/forgot-password", &email);
    let recovery = app.recover();
    let call = json!({"challenge_id": recovery.challenge_id, "code": recovery.code});
    leaves_counters_at_most(&app, "/v1/verify-otp", &call);
    let call = json!({"token": recovery.link, "new_password": App::NEW_PASSWORD});
    leaves_counters_at_most(&app, "/v1/reset-password", &call);
    let call = json!({"token": recovery.cancel});
    leaves_counters_at_most(&app, "/v1/cancel-recovery", &call);
    let call = json!({"email": App::EMAIL, "password": App::PASSWORD});
    leaves_counters_at_most(&app, "/v1/sign-in", &call);
}

#[test]
fn a_crash_before_the_answer_to_who_must_change_the_password_leaves_counters_at_most() {
    let app = late_in_the_hour();
    let found = app.make(&Call::get(&format!("/v1/admin/users?email={}", App::EMAIL)));
    let id = found.expect(200).json()["users"][0]["id"].clone();
    let path = format!("/v1/admin/users/{}/reset-password", id.as_str().unwrap());
    let order = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": true});
    let _ = app.make(&app.call(&path, order)).expect(200);
    let call = json!({"email": App::EMAIL, "password": App::NEW_PASSWORD});
    leaves_counters_at_most(&app, "/v1/sign-in", &call);
}

#[test]
fn a_courier_that_crashes_loses_no_mail_and_leaves_no_trace() {
    let app = late_in_the_hour();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (reply, _crashed) = app.answer(&call);
    let challenge_id = reply.text("challenge_id");
    app.advance(61);
    let courier = async |app: &App, (): &mut ()| {
        let (_, deferred) = exchange(&app.env, &app.call("/v1/courier/run", json!({}))).await;
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&app, courier, |app, (), operations| {
        let sent_before = app.env.http.requests();
        come_back_later(&app);
        let mails = app.take_mails();
        let mail = the_one(&mails);
        assert!(
            mails.len() == 1 || sent_before == 1,
            "sent twice after {operations}"
        );
        assert_eq!(
            app.verify(&challenge_id, &mail.code()).status,
            200,
            "{operations}"
        );
        assert_eq!(left_over(&app), Vec::<String>::new(), "after {operations}");
    });
}

#[test]
fn a_crash_while_a_try_is_noted_as_failed_loses_no_mail() {
    let app = late_in_the_hour();
    app.env.http.answer_with(503, None);
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.advance(61);
    let courier = async |app: &App, (): &mut ()| {
        let (_, deferred) = exchange(&app.env, &app.call("/v1/courier/run", json!({}))).await;
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&app, courier, |app, (), operations| {
        let _ = app.take_mails();
        app.env.http.answer_with(200, None);
        come_back_later(&app);
        assert_eq!(app.take_mails().len(), 1, "after {operations}");
        assert_eq!(left_over(&app), Vec::<String>::new(), "after {operations}");
    });
}

#[test]
fn a_reset_that_was_answered_tells_of_the_change_whatever_crashes_after_the_answer() {
    let app = late_in_the_hour();
    let link = app.recover().link;
    let reset = async |app: &App, answered: &mut bool| {
        let body = json!({"token": link, "new_password": App::NEW_PASSWORD});
        let (reply, deferred) = exchange(&app.env, &app.call("/v1/reset-password", body)).await;
        let _ = reply.expect(204);
        *answered = true;
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&app, reset, |app, answered, operations| {
        let sent_before = app.env.http.requests();
        let changed = app.knows(App::NEW_PASSWORD);
        assert_ne!(
            changed,
            app.knows(App::PASSWORD),
            "one of them works, after {operations}"
        );
        assert!(changed || !answered, "after {operations}");
        come_back_later(&app);
        let mails = app.take_mails();
        if changed {
            assert!(!the_one(&mails).is_recovery());
            assert!(
                mails.len() == 1 || sent_before == 1,
                "sent twice after {operations}"
            );
        } else {
            assert_eq!(mails, [], "after {operations}");
        }
    });
}

#[test]
fn a_courier_that_crashes_while_it_forgets_is_followed_by_one_that_forgets_the_rest() {
    let app = late_in_the_hour();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    app.advance(2 * 86_400);
    let courier = async |app: &App, (): &mut ()| {
        let _ = exchange(&app.env, &app.call("/v1/courier/run", json!({}))).await;
    };
    at_every_operation(&app, courier, |app, (), operations| {
        assert_eq!(left_over(&app), Vec::<String>::new(), "after {operations}");
    });
}
