//! The store may fail at any operation. The answer is then 503, and nothing that matters has changed.

use serde_json::json;

use crate::courier::after_response;
use crate::testing::{App, Call, Reply, block_on};

/// Makes `call` on copies of `app` whose store fails at the first, second, third, … operation, once or from then on,
/// and works again after the answer. `check` gets each result.
fn at_every_failure(app: &App, call: &Call, check: impl Fn(&App, &Reply)) {
    for operations in 0..200 {
        let mut all_done = true;
        for lasting in [true, false] {
            let app = app.fork();
            let store = &app.env.store;
            if lasting {
                store.fail_after(Some(operations));
            } else {
                store.fail_once_after(operations);
            }
            let before = store.operations();
            let (reply, deferred) = app.answer(call);
            all_done &= store.operations() - before <= operations;
            store.fail_after(None);
            if reply.status == 503 {
                assert_eq!(reply.header("retry-after"), "5");
                assert!(["service-unavailable", "start-again"].contains(&&*reply.problem()));
                let lines = app.env.log.lines();
                let is_cause = |line: &String| line.contains("made to fail");
                assert!(lines.iter().any(is_cause) && !is_cause(&reply.body));
            }
            block_on(after_response::run(&app.env, deferred));
            check(&app, &reply);
        }
        if all_done {
            return;
        }
    }
    panic!("no end");
}

fn come_back_later(app: &App) {
    for _ in 0..5 {
        app.advance(60);
        let _ = app.run_courier();
    }
}

#[test]
fn forgot_password_promises_no_mail_that_was_not_stored() {
    let app = App::with_account();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    at_every_failure(&app, &call, |app, reply| {
        come_back_later(app);
        let mails = app.take_mails().len();
        match reply.status {
            202 => assert_eq!(mails, 1),
            _ => assert_eq!((reply.status, mails), (503, 0)),
        }
    });
}

#[test]
fn verify_otp_burns_no_code_unless_it_says_to_start_again() {
    let app = App::with_account();
    let recovery = app.recover();
    let (id, code) = (&recovery.challenge_id, &recovery.code);
    let body = json!({"challenge_id": id, "code": code});
    let call = app.call("/v1/verify-otp", body);
    at_every_failure(&app, &call, |app, reply| {
        let again = app.verify(id, code);
        if reply.status == 503 && reply.problem() == "start-again" {
            // The code may be used up. If it is, another email comes at once.
            assert!([200, 400].contains(&again.status), "{again:?}");
            let _ = app.recover();
        } else if reply.status == 503 {
            assert_eq!(again.status, 200);
        } else {
            assert_eq!((reply.status, again.status), (200, 400));
        }
    });
}

#[test]
fn reset_password_says_whether_the_old_password_works_still_or_that_it_does_not_know() {
    let app = App::with_account();
    let link = app.recover().link;
    let body = json!({"token": link, "new_password": App::NEW_PASSWORD});
    let call = app.call("/v1/reset-password", body);
    at_every_failure(&app, &call, |app, reply| {
        let changed = app.knows(App::NEW_PASSWORD);
        assert_eq!(app.knows(App::PASSWORD), !changed, "one of them works");
        let unknown = reply.status == 503 && reply.problem() == "start-again";
        assert!(unknown || changed == (reply.status == 204), "{reply:?}");
        app.advance(61);
        let _ = app.run_courier();
        assert_eq!(app.take_mails().len(), usize::from(changed));
        if unknown && !changed {
            let again = app.reset(&link, App::NEW_PASSWORD).status;
            assert!([204, 400].contains(&again), "{again}");
            app.advance(60);
            let _ = app.run_courier();
            let _ = app.take_mails();
            let _ = app.recover();
        } else {
            let again = app.reset(&link, App::NEW_PASSWORD).status;
            assert_eq!(again, if changed { 400 } else { 204 });
        }
    });
}

#[test]
fn cancel_recovery_can_be_repeated_until_it_says_that_it_is_done() {
    let app = App::with_account();
    let recovery = app.recover();
    let body = json!({"token": recovery.cancel});
    let call = app.call("/v1/cancel-recovery", body);
    at_every_failure(&app, &call, |app, reply| {
        // A lease that is held when the store fails stays for a while.
        app.advance(120);
        if reply.status != 204 {
            assert_eq!(reply.status, 503);
            assert_eq!(app.cancel(&recovery.cancel).status, 204);
        }
        assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
        let code = app.verify(&recovery.challenge_id, &recovery.code);
        assert_eq!(code.status, 400);
    });
}

#[test]
fn sign_in_never_lets_anyone_in_by_failing() {
    let app = App::with_account();
    let sign_in = |password: &str| {
        let body = json!({"email": App::EMAIL, "password": password});
        app.call("/v1/sign-in", body)
    };
    at_every_failure(&app, &sign_in(App::PASSWORD), |_, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
    });
    at_every_failure(&app, &sign_in(App::NEW_PASSWORD), |_, reply| {
        assert!([401, 503].contains(&reply.status), "{reply:?}");
    });
}

#[test]
fn while_nothing_can_be_written_a_right_password_signs_in_and_a_wrong_one_is_an_outage() {
    let app = App::with_account();
    let _ = app.make(&Call::get("/v1/health")).expect(200);
    app.advance(1);
    app.env.store.fill(true);
    assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status, 200);
    for (email, password) in [
        (App::EMAIL, App::NEW_PASSWORD),
        (App::NOBODY, App::PASSWORD),
    ] {
        let reply = app.sign_in(email, password).expect(503);
        assert_eq!(reply.problem(), "service-unavailable");
    }
    app.advance(60);
    let health = app.make(&Call::get("/v1/health")).expect(503);
    assert!(health.body.contains("the store failed"), "{health:?}");

    app.env.store.fill(false);
    assert_eq!(app.sign_in(App::EMAIL, App::NEW_PASSWORD).status, 401);
    let _ = app.make(&Call::get("/v1/health")).expect(200);
}

#[test]
fn a_lock_holds_while_nothing_can_be_written() {
    let app = App::with_account();
    app.env.variables.set("limit_client_sign_in", "10000/60");
    for number in 0..1_000 {
        app.come_from(&format!("10.0.{}.1:1", number % 20));
        let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    }
    app.come_from("10.1.0.1:1");
    assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status, 429);
    app.env.store.fill(true);
    assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status, 429);
}

#[test]
fn creating_an_account_fails_as_a_whole_or_not_at_all() {
    let app = App::default();
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let call = app.call("/v1/admin/users", body);
    at_every_failure(&app, &call, |app, reply| {
        app.advance(120);
        let created = reply.status == 201;
        assert!(created || reply.status == 503, "{reply:?}");
        assert_eq!(app.knows(App::PASSWORD), created, "{reply:?}");
        let again = app.create_account(App::EMAIL).status;
        assert_eq!(again, if created { 409 } else { 201 });
    });
}

#[test]
fn a_courier_that_meets_a_failing_store_loses_no_mail() {
    let app = App::with_account();
    come_back_later(&app);
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.advance(61);
    let courier = app.call("/v1/courier/run", json!({}));
    at_every_failure(&app, &courier, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        let before = app.env.http.requests();
        come_back_later(app);
        let mails = app.take_mails();
        assert!(mails.len() == 1 || before == 1 && mails.len() == 2);
        let keys = mails.iter().map(|mail| &mail.idempotency_key);
        assert!(keys.clone().all(|key| *key == mails[0].idempotency_key));
    });
}

#[test]
fn contention_on_a_counter_is_an_outage_and_not_a_win() {
    let app = App::with_account();
    let link = app.recover().link;
    app.env.store.contend(u32::MAX);
    assert_eq!(app.reset(&link, App::NEW_PASSWORD).status, 503);
    assert_eq!(app.forgot(App::EMAIL).status, 503);
    assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status, 503);
    app.env.store.contend(0);
    assert!(app.knows(App::PASSWORD));
    assert_eq!(app.reset(&link, App::NEW_PASSWORD).status, 204);
}
