//! Lifting what locks an owner out.

use serde_json::{Value, json};

use crate::testing::{App, Call, block_on, exchange, other_than};

/// The account `ann`, whose limits a stranger has used up from the owner's own network.
fn kept_out() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    for number in 0..100 {
        if number == 50 {
            app.advance(60);
        }
        let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    }
    for _ in 0..8 {
        app.advance(60);
        let _ = app.forgot(App::EMAIL);
    }
    let _ = app.take_mails();
    app
}

fn show(app: &App) -> Value {
    let account = app.make(&Call::get("/v1/admin/users/ann"));
    account.expect(200).json()
}

fn unlock(app: &App, id: &str, body: Value) -> u16 {
    let path = format!("/v1/admin/users/{id}/unlock");
    app.make(&app.call(&path, body)).status
}

#[test]
fn it_lifts_the_lock_and_the_pause_and_changes_nothing_else() {
    let app = kept_out();
    let before = show(&app);
    assert_eq!(before["locked_until"], "2026-11-23T10:00:00Z");
    assert!(before["recovery_paused_until"].is_string(), "{before}");
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(429);
    let _ = app.forgot(App::EMAIL).expect(202);
    assert_eq!(app.take_mails(), []);

    assert_eq!(unlock(&app, "ann", json!({"reason": "called us"})), 204);
    let after = show(&app);
    assert_eq!(after["locked_until"], Value::Null);
    assert_eq!(after["recovery_paused_until"], Value::Null);
    assert_eq!(after["credential_epoch"], before["credential_epoch"]);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    let _ = app.recover();

    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    let events = events["events"].as_array().unwrap().clone();
    let of_it: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "account.unlocked")
        .collect();
    assert_eq!(of_it.len(), 1);
    assert_eq!(of_it[0]["reason"], "called us");
}

/// Uses up the day's attempts at codes, with three emails.
fn guess_all_day(app: &App) {
    for _ in 0..3 {
        let recovery = app.recover();
        for _ in 0..5 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(60);
    }
}

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

#[test]
fn it_forgives_the_days_attempts_at_codes() {
    let app = with_ann();
    guess_all_day(&app);
    let refused = app.recover();
    assert_eq!(app.verify_for(App::EMAIL, &refused.code).status, 400);
    assert_eq!(show(&app)["codes_paused_until"], "2026-11-24T00:00:00Z");

    // The code of the existing email: its own attempts were never used.
    assert_eq!(unlock(&app, "ann", json!({})), 204);
    assert_eq!(show(&app)["codes_paused_until"], Value::Null);
    let same = app.fork();
    assert_eq!(same.verify_for(App::EMAIL, &refused.code).status, 200);

    // As many attempts as on a new day, and no more.
    guess_all_day(&app);
    let refused = app.recover();
    assert_eq!(app.verify_for(App::EMAIL, &refused.code).status, 400);
    assert_eq!(show(&app)["codes_paused_until"], "2026-11-24T00:00:00Z");
    assert_eq!(app.reset(&refused.link, App::NEW_PASSWORD).status, 204);
    app.advance(86_400);
    assert_eq!(show(&app)["codes_paused_until"], Value::Null);
}

#[test]
fn what_is_forgiven_on_one_day_is_no_gift_on_the_next() {
    let app = with_ann();
    guess_all_day(&app);
    assert_eq!(unlock(&app, "ann", json!({})), 204);
    app.advance(86_400);
    guess_all_day(&app);
    let refused = app.recover();
    assert_eq!(app.verify_for(App::EMAIL, &refused.code).status, 400);
}

#[test]
fn a_code_whose_own_attempts_are_used_up_stays_so() {
    let app = with_ann();
    let recovery = app.recover();
    for _ in 0..5 {
        let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
    }
    for _ in 0..15 {
        let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
    }
    assert_eq!(show(&app)["codes_paused_until"], Value::Null);
    assert_eq!(unlock(&app, "ann", json!({})), 204);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    let next = app.recover();
    assert_eq!(app.verify(&next.challenge_id, &next.code).status, 200);
}

#[test]
fn attempts_that_are_under_way_while_it_unlocks_give_nobody_more() {
    let app = with_ann();
    guess_all_day(&app);
    let recovery = app.recover();
    let wrong = json!({"challenge_id": recovery.challenge_id, "code": other_than(&recovery.code)});
    let guesses: Vec<_> = (0..5)
        .map(|_| app.call("/v1/verify-otp", wrong.clone()))
        .collect();
    let unlocking = app.call("/v1/admin/users/ann/unlock", json!({}));
    let together = async {
        let guesses = guesses.iter().map(|call| exchange(&app.env, call));
        futures::join!(
            exchange(&app.env, &unlocking),
            futures::future::join_all(guesses)
        )
    };
    let ((unlocked, _), _) = block_on(together);
    assert_eq!(unlocked.status, 204);
    // The five attempts have used this code up, whenever they were counted.
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    // Those counted after the unlocking read the attempts are among the new fifteen.
    let mut right = 0;
    for _ in 0..5 {
        app.advance(60);
        let next = app.recover();
        for _ in 0..4 {
            let _ = app.verify(&next.challenge_id, &other_than(&next.code));
        }
        right += u32::from(app.verify(&next.challenge_id, &next.code).status == 200);
    }
    assert!((2..=3).contains(&right), "{right}");
}

#[test]
fn it_can_be_done_again_and_begins_new_counts() {
    let app = kept_out();
    for _ in 0..2 {
        assert_eq!(unlock(&app, "ann", Value::Null), 204);
        app.advance(1);
    }
    for number in 0..100 {
        if number == 50 {
            app.advance(60);
        }
        let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    }
    app.advance(60);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(429);
}

#[test]
fn an_account_that_needs_no_unlocking_can_be_unlocked_and_an_unknown_one_cannot() {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    assert_eq!(show(&app)["locked_until"], Value::Null);
    assert_eq!(unlock(&app, "ann", json!({})), 204);
    assert_eq!(unlock(&app, "bob", json!({})), 404);
    assert_eq!(unlock(&app, "ann", json!({"reason": "two\nlines"})), 422);
}

#[test]
fn nothing_of_it_is_left_once_time_has_passed() {
    let app = kept_out();
    assert_eq!(unlock(&app, "ann", json!({})), 204);
    for _ in 0..3 {
        app.advance(86_400);
        let _ = app.run_courier();
        let _ = app.run_courier();
    }
    let left = app.env.store.dump();
    for gone in [
        "v1:attempts:ann",
        "v1:recovery:ann",
        "v1:limit:",
        "v1:sign-in-lock:",
    ] {
        assert!(!left.contains(gone), "{gone}");
    }
}
