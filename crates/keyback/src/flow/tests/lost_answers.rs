//! The store may do an operation and lose its answer. The app's answer is true even then, nothing happens twice that
//! must not, and a retry succeeds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::testing::{App, Call, Recovery, Reply, block_on};

mod accounts;
mod bulk;
mod decisions;
mod emails;

/// Makes `call` on copies of `app` whose store loses the answer of the first, second, third, … operation, during the
/// call or the work after it. `check` gets each result. Returns how many answers said that the outcome is unknown.
fn at_every_lost_answer(app: &App, call: &Call, check: impl Fn(&App, &Reply)) -> usize {
    let mut unknown = 0;
    for operation in 0..300 {
        let app = app.fork();
        let store = &app.env.store;
        let before = store.operations();
        store.lose_answer_after(Some(operation));
        let (reply, deferred) = app.answer(call);
        block_on(after_response::run(&app.env, deferred));
        store.lose_answer_after(None);
        let all_heard = store.operations() - before <= operation;
        if reply.status == 503 {
            println!("{operation}: {}", reply.problem());
        }
        check(&app, &reply);
        unknown += usize::from(is_unknown(&reply));
        if all_heard {
            assert!(reply.status < 400, "{reply:?}");
            return unknown;
        }
    }
    panic!("no end");
}

/// Lets time pass and runs the courier, as often as any work delayed by a lost answer may need.
fn come_back_later(app: &App) {
    for _ in 0..6 {
        app.advance(60);
        let _ = app.run_courier();
    }
}

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

/// For each different email since the last call, whether it is a recovery email. A provider that gets an email twice,
/// under one key, sends it once.
fn take_different_mails(app: &App) -> Vec<bool> {
    let mut keys = BTreeSet::new();
    let mut mails = app.take_mails();
    mails.retain(|mail| keys.insert(mail.idempotency_key.clone()));
    mails
        .iter()
        .map(crate::testing::Mail::is_recovery)
        .collect()
}

/// How many events of this type ann has had.
fn events(app: &App, kind: &str) -> usize {
    let page = app.make(&Call::get("/v1/admin/users/ann/events?limit=100"));
    let page = page.expect(200).json();
    let events = page["events"].as_array().unwrap();
    events.iter().filter(|event| event["type"] == kind).count()
}

/// Whether the answer says that the outcome is unknown.
fn is_unknown(reply: &Reply) -> bool {
    reply.status == 503 && reply.problem() == "start-again"
}

/// Starts again: another email comes at once, and works.
#[track_caller]
fn start_again(app: &App) {
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::OTHER_PASSWORD).expect(204);
    assert!(app.knows(App::OTHER_PASSWORD));
}

#[test]
fn forgot_password_brings_one_mail_if_it_says_so_and_another_to_whoever_asks_again() {
    let warm = with_ann();
    let _ = warm.forgot(App::NOBODY);
    for app in [with_ann(), warm] {
        let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
        let _ = at_every_lost_answer(&app, &call, |app, reply| {
            assert!([202, 503].contains(&reply.status), "{reply:?}");
            come_back_later(app);
            let mails = take_different_mails(app).len();
            assert!(mails == 1 || mails == 0 && reply.status == 503, "{mails}");
            assert_eq!(events(app, "recovery.requested"), mails);
            start_again(app);
        });
    }
}

#[test]
fn verify_otp_gives_a_token_or_says_whether_the_code_is_still_good() {
    let app = with_ann();
    let recovery = app.recover();
    let Recovery {
        challenge_id, code, ..
    } = &recovery;
    let body = json!({"challenge_id": challenge_id, "code": code});
    let call = app.call("/v1/verify-otp", body);
    let unknown = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        if is_unknown(reply) {
            assert!(app.knows(App::PASSWORD));
            return start_again(app);
        }
        let again = app.verify(challenge_id, code);
        let token = match reply.status {
            200 => reply.text("reset_token"),
            _ => again.expect(200).text("reset_token"),
        };
        let _ = app.reset(&token, App::NEW_PASSWORD).expect(204);
    });
    // Only at the write of the token.
    assert_eq!(unknown, 1);
}

/// A reset happens once, and its answer is true.
fn resets_once(app: &App, token: &str) {
    let body = json!({"token": token, "new_password": App::NEW_PASSWORD});
    let call = app.call("/v1/reset-password", body);
    let unknown = at_every_lost_answer(app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let changed = app.knows(App::NEW_PASSWORD);
        assert_eq!(app.knows(App::PASSWORD), !changed, "one of them works");
        assert_eq!(
            changed,
            reply.status == 204,
            "it is looked up what was done"
        );
        let told = app.fork();
        come_back_later(&told);
        assert_eq!(take_different_mails(&told), vec![false; changed.into()]);
        assert_eq!(events(&told, "password.changed"), usize::from(changed));
        let again = app.reset(token, App::NEW_PASSWORD).status;
        assert!(again == 204 || again == 400, "{again}");
        assert!(again == 204 || reply.status == 204 || is_unknown(reply));
        assert!(again == 400 || !changed, "one token sets one password");
        let _ = app.take_mails();
        start_again(app);
    });
    // After a lost answer, a claim and a write are looked up, and a number is drawn again.
    assert_eq!(unknown, 0);
}

#[test]
fn reset_password_by_link() {
    let app = with_ann();
    let link = app.recover().link;
    resets_once(&app, &link);
}

#[test]
fn reset_password_by_reset_token() {
    let app = with_ann();
    let recovery = app.recover();
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    resets_once(&app, &token.text("reset_token"));
}

#[test]
fn reset_password_by_the_token_of_a_sign_in() {
    let app = App::default();
    let body = json!({
        "id": "ann", "email": App::EMAIL, "password": App::PASSWORD, "change_on_next_sign_in": true,
    });
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    let token = signed_in["password_change"]["token"].as_str().unwrap();
    resets_once(&app, token);
}

#[test]
fn the_last_refused_password_says_that_it_is_or_that_nobody_knows() {
    let app = with_ann();
    app.env.variables.set("limit_client_reset", "1000/60");
    let link = app.recover().link;
    for _ in 0..29 {
        let _ = app.reset(&link, "12345").expect(422);
    }
    let call = app.call(
        "/v1/reset-password",
        json!({"token": link, "new_password": "12345"}),
    );
    let mut unknown = 0;
    for operation in 0..40 {
        let app = app.fork();
        let store = &app.env.store;
        let before = store.operations();
        store.lose_answer_after(Some(operation));
        let (reply, deferred) = app.answer(&call);
        block_on(after_response::run(&app.env, deferred));
        store.lose_answer_after(None);
        let all_heard = store.operations() - before <= operation;
        if is_unknown(&reply) {
            unknown += 1;
        } else if reply.status == 422 {
            assert!(reply.text("detail").contains("no longer be used"));
            let _ = app.reset(&link, App::NEW_PASSWORD).expect(400);
        } else {
            assert_eq!(reply.problem(), "service-unavailable");
            let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
        }
        if all_heard {
            // Only at the claim that uses the token up.
            assert_eq!(unknown, 1);
            return;
        }
    }
    panic!("no end");
}

#[test]
fn a_users_own_change_is_made_once_and_whoever_repeats_it_has_made_it() {
    let app = with_ann();
    let call = app.call(
        "/v1/change-password",
        json!({"user_id": "ann", "current_password": App::PASSWORD, "new_password": App::NEW_PASSWORD}),
    );
    let assert_told = |app: &App, times: usize| {
        come_back_later(app);
        assert_eq!(take_different_mails(app), vec![false; times]);
        let kinds = ["password.changed", "sessions.revoked"];
        assert_eq!(kinds.map(|kind| events(app, kind)), [times; 2]);
    };
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let changed = app.knows(App::NEW_PASSWORD);
        assert_eq!(app.knows(App::PASSWORD), !changed, "one of them works");
        assert!(changed || reply.status == 503);
        assert_told(&app.fork(), changed.into());
        // If it was changed, the given current password is no longer right.
        let again = app.make(&call).status;
        assert_eq!(again, if changed { 401 } else { 204 });
        assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
        assert_told(app, 1);
    });
}

#[test]
fn cancel_recovery_can_be_repeated_and_is_noted_once() {
    let app = with_ann();
    let recovery = app.recover();
    let body = json!({"token": recovery.cancel});
    let call = app.call("/v1/cancel-recovery", body);
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        assert_eq!(app.cancel(&recovery.cancel).status, 204);
        assert_eq!(events(app, "recovery.cancelled"), 1);
        assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
        let code = app.verify(&recovery.challenge_id, &recovery.code);
        assert_eq!(code.status, 400);
        app.advance(61);
        start_again(app);
    });
}

#[test]
fn signing_in_can_be_repeated_and_gives_a_token_that_works() {
    let app = App::default();
    let body = json!({
        "id": "ann", "email": App::EMAIL, "password": App::PASSWORD, "change_on_next_sign_in": true,
    });
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let call = app.call("/v1/sign-in", body);
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        let token_of = |reply: &Value| reply["password_change"]["token"].clone();
        let again = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
        let token = match reply.status {
            200 => token_of(&reply.json()),
            _ => token_of(&again),
        };
        let token = token.as_str().unwrap();
        let _ = app.reset(token, App::NEW_PASSWORD).expect(204);
        assert!(app.knows(App::NEW_PASSWORD));
    });
}

#[test]
fn a_wrong_password_lets_nobody_in() {
    let app = with_ann();
    let body = json!({"email": App::EMAIL, "password": App::NEW_PASSWORD});
    let call = app.call("/v1/sign-in", body);
    for operation in 0..10 {
        let app = app.fork();
        app.env.store.lose_answer_after(Some(operation));
        let status = app.make(&call).status;
        assert!([401, 503].contains(&status), "{status}");
    }
}
