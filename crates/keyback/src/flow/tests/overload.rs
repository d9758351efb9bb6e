//! Too many passwords are being hashed: a request that would have to wait is refused, and nothing is changed or
//! counted.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::model::hashing_gate::{HashTime, HashingGate, Place};
use crate::testing::{App, Call, MemoryEnv, Reply, Step, block_on, exchange, step};

/// A bcrypt hash, which is stored unchanged.
const HASH: &str = "$2b$04$rehashrehashrehashrehuw7esdNsJKzSRRumaVGXjC5pLP3KCYJu";

/// Makes the last hash take two seconds, and another request wait to hash.
fn crowd(app: &App) -> Place {
    let gate = &app.env.hashing_gate;
    let place = gate.enter(&app.env.random).unwrap();
    place.queue().turn().unwrap().end(HashTime {
        taken: Duration::from_secs(2),
        computed: Duration::from_millis(1_500),
    });
    place
}

fn sign_in(app: &App, name: &str, whom: &str, password: &str) -> Call {
    app.call("/v1/sign-in", json!({name: whom, "password": password}))
}

/// Every call that hashes, whether it would succeed or not.
fn calls_that_hash(app: &App) -> Vec<Call> {
    let recovery = app.recover();
    let code = app.verify(&recovery.challenge_id, &recovery.code);
    let reset = |token: &str| json!({"token": token, "new_password": App::NEW_PASSWORD});
    let change = |current: &str| json!({"user_id": "ann", "current_password": current, "new_password": App::NEW_PASSWORD});
    vec![
        sign_in(app, "email", App::EMAIL, App::PASSWORD),
        sign_in(app, "email", App::EMAIL, "wrong"),
        sign_in(app, "email", "nobody@example.com", App::PASSWORD),
        sign_in(app, "user_id", "ann", App::PASSWORD),
        sign_in(app, "user_id", "nobody", App::PASSWORD),
        app.call("/v1/reset-password", reset(&recovery.link)),
        app.call("/v1/reset-password", reset(&code.text("reset_token"))),
        app.call("/v1/reset-password", reset("no-token")),
        app.call("/v1/change-password", change(App::PASSWORD)),
        app.call("/v1/change-password", change("wrong")),
        app.call("/v1/admin/users/ann/reset-password", generate()),
        app.call("/v1/admin/users/nobody/reset-password", generate()),
        app.call(
            "/v1/admin/users",
            json!({"email": "bob@example.com", "password": App::NEW_PASSWORD}),
        ),
    ]
}

fn generate() -> Value {
    json!({"generate": true, "return_password": true})
}

fn assert_refused(reply: &Reply) {
    assert_eq!(reply.status, 503);
    assert_eq!(reply.problem(), "overloaded");
}

#[test]
fn whatever_hashes_is_refused_alike_before_it_touches_the_store() {
    let app = App::with_account();
    let calls = calls_that_hash(&app);
    let _crowd = crowd(&app);
    let before = app.env.store.dump();
    let _ = app.env.store.take_operations();
    let mut refusals = Vec::new();
    for call in &calls {
        let (reply, deferred) = app.answer(call);
        assert_refused(&reply);
        assert_eq!(reply.header("retry-after"), "4");
        assert!(deferred.is_empty());
        refusals.push(reply.without_ids());
    }
    assert_eq!(app.env.store.take_operations(), [""; 0]);
    assert_eq!(app.env.store.dump(), before);
    assert!(refusals.iter().all(|reply| *reply == refusals[0]));
}

#[test]
fn what_does_not_hash_is_not_refused() {
    let app = App::with_account();
    let _crowd = crowd(&app);
    let recovery = app.recover();
    let code = app.verify(&recovery.challenge_id, &recovery.code);
    let _ = app.check(&code.text("reset_token")).expect(200);
    let _ = app.make(&Call::get("/v1/health")).expect(200);
    let hashed = json!({"email": "bob@example.com", "password_hash": HASH});
    let _ = app
        .make(&app.call("/v1/admin/users", hashed.clone()))
        .expect(201);
    let _ = app.make(&Call::import(&[hashed])).expect(200);
}

#[test]
fn an_import_is_refused_at_its_first_password_in_clear() {
    let app = App::default();
    let _crowd = crowd(&app);
    let line = json!({"email": "bob@example.com", "password": App::NEW_PASSWORD});
    assert_refused(&app.make(&Call::import(&[line])));
}

#[test]
fn an_import_that_is_refused_midway_does_not_claim_that_nothing_was_changed() {
    let app = App::default();
    let _crowd = crowd(&app);
    let hashed = |number| json!({"id": format!("user{number}"), "email": format!("u{number}@example.com"), "password_hash": HASH});
    let mut lines: Vec<Value> = (0..150).map(hashed).collect();
    lines.push(json!({"email": "bob@example.com", "password": App::NEW_PASSWORD}));
    let reply = app.make(&Call::import(&lines));
    assert_eq!(reply.problem(), "service-unavailable");
    assert_eq!(reply.header("retry-after"), "4");
    let log = app.env.log.lines().join("\n");
    assert!(log.contains("too many passwords"), "{log}");
    let _ = app.make(&Call::get("/v1/admin/users/user0")).expect(200);
}

#[test]
fn once_the_crowd_is_gone_everything_works_as_before() {
    let app = App::with_account();
    let crowd = crowd(&app);
    assert_refused(&app.sign_in(App::EMAIL, App::PASSWORD));
    drop(crowd);
    assert!(app.knows(App::PASSWORD));
}

/// Signs in while another request hashes for so long.
fn sign_in_behind(app: &App, password: &str, taken: Duration) -> Reply {
    let place = app.env.hashing_gate.enter(&app.env.random).unwrap();
    let turn = place.queue().turn().unwrap();
    let call = sign_in(app, "email", App::EMAIL, password);
    let mut waiting = pin!(exchange(&app.env, &call));
    // Far more steps than the calls to the store.
    for _ in 0..100 {
        assert!(!matches!(step(waiting.as_mut()), Step::Done(_)));
    }
    app.env.clock.advance(taken);
    drop(turn);
    let (reply, deferred) = block_on(waiting);
    block_on(after_response::run(&app.env, deferred));
    reply
}

#[test]
fn whoever_has_waited_too_long_is_refused_rather_than_hashed_for() {
    let app = App::with_account();
    let late = Duration::from_secs(6);
    assert_refused(&sign_in_behind(&app, App::PASSWORD, late));
    let in_time = sign_in_behind(&app, App::PASSWORD, Duration::from_secs(4));
    let _ = in_time.expect(200);
}

#[test]
fn a_guess_that_was_not_compared_is_not_counted_and_a_compared_one_is() {
    let app = App::with_account();
    app.env.variables.set("limit_client_sign_in", "1000/60");
    let wrong = |app: &App| app.sign_in(App::EMAIL, "wrong").status;
    for _ in 0..99 {
        assert_eq!(wrong(&app), 401);
    }
    for _ in 0..5 {
        assert_refused(&sign_in_behind(&app, "wrong", Duration::from_secs(6)));
    }
    assert!(app.fork().knows(App::PASSWORD));
    assert_eq!(wrong(&app), 401);
    assert_eq!(wrong(&app), 429);
    // Refusals by the gate do not reset the lock.
    let crowd = crowd(&app);
    assert_refused(&app.sign_in(App::EMAIL, App::PASSWORD));
    drop(crowd);
    assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status, 429);
}

#[test]
fn a_guess_that_was_not_compared_takes_back_none_that_was() {
    let app = App::with_account();
    app.env.variables.set("limit_client_sign_in", "1000/60");
    let place = app.env.hashing_gate.enter(&app.env.random).unwrap();
    let turn = place.queue().turn().unwrap();
    let call = sign_in(&app, "email", App::EMAIL, "wrong");
    let mut waiting = pin!(exchange(&app.env, &call));
    for _ in 0..100 {
        assert!(!matches!(step(waiting.as_mut()), Step::Done(_)));
    }
    // It was counted as the first. Meanwhile another instance compares further ones.
    let gate = HashingGate::new(|_| ());
    let other = MemoryEnv {
        hashing_gate: gate,
        ..app.env.clone()
    };
    let wrong = || {
        let (reply, deferred) = block_on(exchange(&other, &call));
        block_on(after_response::run(&other, deferred));
        reply.status
    };
    for _ in 0..98 {
        assert_eq!(wrong(), 401);
    }
    app.env.clock.advance(Duration::from_secs(6));
    drop(turn);
    let (reply, deferred) = block_on(waiting);
    assert_refused(&reply);
    block_on(after_response::run(&app.env, deferred));
    assert_eq!([wrong(), wrong(), wrong()], [401, 401, 429]);
}

/// Sets a new password while another request hashes for six seconds, between the comparison with the current password
/// and the hash.
fn reset_interrupted(app: &App, token: &str) -> Reply {
    reset_interrupted_by(app, token, || ())
}

/// As [`reset_interrupted`], with something else that happens during these six seconds.
fn reset_interrupted_by(app: &App, token: &str, meanwhile: impl FnOnce()) -> Reply {
    let gate = &app.env.hashing_gate;
    let (first, second) = (
        gate.enter(&app.env.random).unwrap(),
        gate.enter(&app.env.random).unwrap(),
    );
    let turn = first.queue().turn().unwrap();
    let order = json!({"token": token, "new_password": App::NEW_PASSWORD});
    let call = app.call("/v1/reset-password", order);
    let mut resetting = pin!(exchange(&app.env, &call));
    let mut wait = || {
        for _ in 0..100 {
            assert!(!matches!(step(resetting.as_mut()), Step::Done(_)));
        }
    };
    wait();
    let next = second.queue();
    drop(turn);
    // It compares, and waits for another turn.
    wait();
    let turn = next.turn().unwrap();
    app.env.clock.advance(Duration::from_secs(6));
    meanwhile();
    drop(turn);
    let (reply, deferred) = block_on(resetting);
    block_on(after_response::run(&app.env, deferred));
    reply
}

#[test]
fn a_reset_that_is_refused_after_it_compared_says_whether_its_token_may_be_used_up() {
    let app = App::with_account();
    app.env.variables.set("limit_client_reset", "1000/60");
    let link = app.recover().link;
    for _ in 0..29 {
        assert_refused(&reset_interrupted(&app, &link));
    }
    // The store loses the answer of the count, which is drawn again, or of the claim that uses the token up; or it fails
    // from the count on.
    for (lost, expected) in [(0, "start-again"), (1, "start-again")] {
        let app = app.fork();
        let store = &app.env.store;
        let reply = reset_interrupted_by(&app, &link, || store.lose_answer_after(Some(lost)));
        store.lose_answer_after(None);
        assert_eq!(reply.problem(), expected);
        let _ = app.reset(&link, App::NEW_PASSWORD).expect(400);
    }
    let store = &app.env.store;
    let reply = reset_interrupted_by(&app, &link, || store.fail_after(Some(0)));
    store.fail_after(None);
    assert_eq!(reply.problem(), "service-unavailable");
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
}

#[test]
fn a_reset_that_is_refused_after_it_compared_counts_as_a_refused_password() {
    let app = App::with_account();
    app.env.variables.set("limit_client_reset", "1000/60");
    let link = app.recover().link;
    for _ in 0..29 {
        assert_refused(&reset_interrupted(&app, &link));
    }
    // A refusal says that this is not the current password, and thirty use the token up.
    assert!(app.fork().knows(App::PASSWORD));
    let _ = app.fork().reset(&link, App::NEW_PASSWORD).expect(204);
    let last = reset_interrupted(&app, &link);
    assert_eq!(last.problem(), "start-again");
    let refused = app.reset(&link, App::NEW_PASSWORD);
    assert_eq!(refused.problem(), "invalid-reset-token");
    assert!(app.knows(App::PASSWORD));
}
