//! Turning a code into a reset token.

use serde_json::{Value, json};

use crate::ports::KeyValue as _;
use crate::store::keys::Key;
use crate::testing::{App, Reply, block_on, other_than};

#[test]
fn the_right_code_brings_a_token_that_sets_the_password() {
    let app = App::with_account();
    let recovery = app.recover();
    let verified = app
        .verify(&recovery.challenge_id, &recovery.code)
        .expect(200);
    assert_eq!(verified.json()["expires_in"], 600);
    let token = verified.text("reset_token");
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 204);
    assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
}

#[test]
fn a_used_code_is_dead_and_so_is_the_link_of_its_mail() {
    let app = App::with_account();
    let recovery = app.recover();
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let again = app.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(again.problem(), "invalid-otp");
    assert_eq!(app.reset(&recovery.link, App::OTHER_PASSWORD).status, 400);
    // That does not affect the token that it gave.
    let token = token.text("reset_token");
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 204);
}

#[test]
fn a_used_link_kills_the_code_of_its_mail() {
    let app = App::with_account();
    let recovery = app.recover();
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
}

#[test]
fn a_code_expires_after_ten_minutes_and_the_link_lives_on() {
    let app = App::with_account();
    let recovery = app.recover();
    let in_time = app.fork();
    in_time.advance(599);
    assert_eq!(
        in_time
            .verify(&recovery.challenge_id, &recovery.code)
            .status,
        200
    );
    app.advance(600);
    let late = app.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(late.problem(), "invalid-otp");
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn a_code_works_for_its_own_request_only() {
    let app = App::with_account();
    let _ = app.create_account("bob@example.test").expect(201);
    let ann = app.recover();
    let bob = app.forgot("bob@example.test").text("challenge_id");
    assert_eq!(app.verify(&bob, &ann.code).status, 400);
    assert_eq!(app.verify(&ann.challenge_id, &ann.code).status, 200);
}

#[test]
fn the_sixth_attempt_is_refused_even_with_the_right_code() {
    let app = App::with_account();
    let recovery = app.recover();
    let wrong = other_than(&recovery.code);
    for _ in 0..4 {
        assert_eq!(app.verify(&recovery.challenge_id, &wrong).status, 400);
    }
    let fifth = app.fork();
    assert_eq!(
        fifth.verify(&recovery.challenge_id, &recovery.code).status,
        200
    );
    assert_eq!(app.verify(&recovery.challenge_id, &wrong).status, 400);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
}

#[test]
fn another_client_address_brings_no_more_attempts() {
    let app = App::with_account();
    let recovery = app.recover();
    for number in 0..5 {
        app.come_from(&format!("198.51.100.{number}:1"));
        let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
    }
    app.come_from("198.51.100.99:1");
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
}

#[test]
fn a_new_mail_brings_five_more_attempts_up_to_fifteen_a_day() {
    let app = App::with_account();
    for _ in 0..3 {
        let recovery = app.recover();
        for _ in 0..5 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(60);
    }
    let fourth = app.recover();
    let reply = app.verify(&fourth.challenge_id, &fourth.code);
    assert_eq!(reply.problem(), "invalid-otp");
    // The link cannot be guessed, so it still recovers the account.
    assert_eq!(app.reset(&fourth.link, App::NEW_PASSWORD).status, 204);
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn guesses_at_a_code_that_is_used_up_are_held_against_nobody() {
    let app = App::default();
    let ann = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", ann)).expect(201);
    app.env.variables.set("limit_client_verify", "1000/60");
    let guess_at_the_next = || {
        let recovery = app.recover();
        for _ in 0..40 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(60);
    };
    guess_at_the_next();
    guess_at_the_next();
    let stop = app.call("/v1/admin/users/ann/challenge", Value::Null);
    let _ = app.make(&stop.by("DELETE")).expect(204);
    let third = app.fork();
    let recovery = third.recover();
    let right = third.verify(&recovery.challenge_id, &recovery.code);
    assert_eq!(right.status, 200);
    guess_at_the_next();
    let fourth = app.recover();
    let refused = app.verify(&fourth.challenge_id, &fourth.code);
    assert_eq!(refused.problem(), "invalid-otp");
}

#[test]
fn the_attempts_of_a_day_are_forgiven_the_next_day() {
    let app = App::with_account();
    for _ in 0..3 {
        let recovery = app.recover();
        for _ in 0..5 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(60);
    }
    app.advance(86_400);
    let recovery = app.recover();
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        200
    );
}

#[test]
fn a_right_code_gives_its_attempt_back() {
    let app = App::with_account();
    app.env.variables.set("limit_account", "100/3600");
    // 14 wrong ones leave one for the day; any number of right ones must not use it up.
    for _ in 0..7 {
        let recovery = app.recover();
        for _ in 0..2 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(60);
    }
    for _ in 0..3 {
        let recovery = app.recover();
        assert_eq!(
            app.verify(&recovery.challenge_id, &recovery.code).status,
            200
        );
        app.advance(60);
    }
}

#[test]
fn a_code_is_taken_as_people_type_it() {
    let app = App::with_account();
    let recovery = app.recover();
    let (first, second) = recovery.code.split_at(3);
    let typed = format!(" {first}-{second} ");
    assert_eq!(app.verify(&recovery.challenge_id, &typed).status, 200);
}

#[test]
fn what_cannot_be_a_challenge_id_is_refused_like_an_unknown_one() {
    let app = App::with_account();
    let unknown = app.verify("AAAAAAAAAAAAAAAAAAAAAA", "123456");
    for odd in ["", "a b", "v1:epoch:x", &"a".repeat(500)] {
        let reply = app.verify(odd, "123456");
        assert_eq!(reply.without_ids(), unknown.without_ids(), "{odd}");
    }
}

#[test]
fn a_code_works_with_the_address_of_its_account_however_it_was_asked_for() {
    let app = App::with_account();
    let recovery = app.recover();
    let wrong = other_than(&recovery.code);
    assert_eq!(app.verify_for(App::EMAIL, &wrong).problem(), "invalid-otp");
    assert_eq!(app.verify_for(App::NOBODY, &recovery.code).status, 400);
    let typed = format!(" {}\n", recovery.code);
    let verified = app.verify_for(App::EMAIL, &typed).expect(200);
    let token = verified.text("reset_token");
    assert_eq!(app.reset(&token, App::NEW_PASSWORD).status, 204);
    assert_eq!(app.verify_for(App::EMAIL, &recovery.code).status, 400);
}

#[test]
fn the_code_that_an_administrator_reads_out_is_typed_with_the_address() {
    let app = App::default();
    let account = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", account)).expect(201);
    let order = json!({"deliver": "return"});
    let started = app.make(&app.call("/v1/admin/users/ann/recovery", order));
    let code = started.expect(200).text("code");
    assert_eq!(app.verify_for(App::EMAIL, &code).status, 200);
}

#[test]
fn every_challenge_id_of_the_account_takes_the_live_code() {
    let app = App::with_account();
    app.env.variables.set("limit_account", "2/3600");
    app.env.variables.set("cooldown_seconds", "0");
    let first = app.recover();
    let second = app.recover();
    // Over the limit, so no email is sent.
    let silent = app.forgot(App::EMAIL).text("challenge_id");
    assert_eq!(app.take_mails(), []);
    for id in [&first.challenge_id, &second.challenge_id, &silent] {
        let app = app.fork();
        assert_eq!(app.verify(id, &first.code).status, 400);
        assert_eq!(app.verify(id, &second.code).status, 200);
    }
}

#[test]
fn both_ways_share_the_attempts() {
    let app = App::with_account();
    let recovery = app.recover();
    let wrong = other_than(&recovery.code);
    for _ in 0..3 {
        let _ = app.verify(&recovery.challenge_id, &wrong).expect(400);
    }
    for _ in 0..2 {
        let _ = app.verify_for(App::EMAIL, &wrong).expect(400);
    }
    assert_eq!(app.verify_for(App::EMAIL, &recovery.code).status, 400);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn guesses_while_no_code_is_live_are_held_against_nobody() {
    let app = App::with_account();
    let guess = |app: &App| {
        for _ in 0..20 {
            let _ = app.verify_for(App::EMAIL, "000000").expect(400);
        }
    };
    guess(&app);
    let expired = app.recover();
    app.advance(600);
    guess(&app);
    let replaced = app.verify(&expired.challenge_id, &expired.code);
    assert_eq!(replaced.problem(), "invalid-otp");
    let recovery = app.recover();
    assert_eq!(app.verify_for(App::EMAIL, &recovery.code).status, 200);
}

#[test]
fn a_code_is_offered_for_a_request_or_for_an_address() {
    let app = App::with_account();
    let offer = |body: Value| app.make(&app.call("/v1/verify-otp", body));
    for (body, pointer) in [
        (json!({"code": "123456"}), "/challenge_id"),
        (
            json!({"code": "123456", "challenge_id": "a", "email": App::EMAIL}),
            "/email",
        ),
        (json!({"code": "123456", "email": "ann"}), "/email"),
        (json!({"email": App::EMAIL}), "/code"),
    ] {
        let reply = offer(body).expect(422);
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer);
    }
}

#[test]
fn the_code_of_an_administrators_recovery_lives_no_longer_than_any_other() {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let start = |expires_in: u64| {
        let order = json!({"deliver": "return", "expires_in": expires_in});
        let started = app.make(&app.call("/v1/admin/users/ann/recovery", order));
        started.expect(200)
    };
    let at = |started: &Reply, seconds: u64, status: u16| {
        let app = app.fork();
        app.advance(seconds);
        let verified = app.verify(&started.text("challenge_id"), &started.text("code"));
        assert_eq!(verified.status, status, "after {seconds}");
    };
    let started = start(86_400);
    assert_eq!(started.text("code_expires_at"), "2026-11-23T09:10:00Z");
    assert_eq!(started.text("expires_at"), "2026-11-24T09:00:00Z");
    at(&started, 599, 200);
    at(&started, 600, 400);
    let link = started.text("link");
    let token = link.rsplit(['#', '=']).next().unwrap();
    let late = app.fork();
    late.advance(86_399);
    let _ = late.reset(token, App::NEW_PASSWORD).expect(204);
    let started = start(300);
    assert_eq!(started.text("code_expires_at"), started.text("expires_at"));
    at(&started, 299, 200);
    at(&started, 300, 400);
}

#[test]
fn a_request_that_has_expired_leads_to_nobody_although_its_record_is_still_there() {
    let app = App::with_account();
    let old = app.recover();
    let record = format!("v1:request:{}", old.challenge_id);
    let kept = app.env.store.bytes(&record).unwrap();
    app.advance(3_600);
    let live = app.recover();
    // Its deletion may wait on the agenda behind work that cannot be done.
    let kept = vec![(Key::forged(&record), kept)];
    block_on(app.env.store.set_many(kept)).unwrap();
    for _ in 0..15 {
        let wrong = other_than(&live.code);
        let _ = app.verify(&old.challenge_id, &wrong).expect(400);
    }
    let _ = app.verify(&old.challenge_id, &live.code).expect(400);
    let _ = app.verify(&live.challenge_id, &live.code).expect(200);
}
