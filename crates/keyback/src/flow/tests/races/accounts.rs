//! Accounts that are created, moved and deleted concurrently, in every order that matters: an id and an address belong
//! to one account.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::ports::{Clock as _, Env as _};
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, Call, Reply, TestKey, exchange};

/// How many orders are run of each pair.
const MOST: usize = 500;

const ANN: &str = "/v1/admin/users/ann";
const OTHER: &str = "other@example.test";

fn create(app: &App, id: &str, email: &str, password: &str) -> Call {
    let body = json!({"id": id, "email": email, "password": password});
    app.call("/v1/admin/users", body)
}

/// The result of a call: the status, or for an import of one line the outcome of that.
fn outcome(reply: &Reply) -> u16 {
    match reply.json_if_any() {
        Some(body) if body["created"] == 1 => 201,
        Some(body) if body["failed"] == 1 => 409,
        Some(body) if body["unchanged"] == 1 => 200,
        _ => reply.status,
    }
}

/// Makes `calls` concurrently, each with the work after its answer.
fn race(app: &App, calls: &[Call], check: impl Fn(&App, &[u16])) {
    let begin = || {
        let app = app.fork();
        let caller = |call: &Call| -> Caller<u16> {
            let (env, call) = (app.env.clone(), call.clone());
            Box::pin(async move {
                let (reply, deferred) = exchange(&env, &call).await;
                after_response::run(&env, deferred).await;
                outcome(&reply)
            })
        };
        let callers = calls.iter().map(caller).collect();
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, outcomes| {
        for _ in 0..3 {
            app.advance(61);
            let _ = app.run_courier();
        }
        assert_consistent(&app);
        check(&app, &outcomes);
    });
    assert!(explored.orders >= MOST || explored.all, "{explored:?}");
}

fn users(app: &App) -> Vec<Value> {
    let page = app
        .make(&Call::get("/v1/admin/users?limit=100"))
        .expect(200);
    page.json()["users"].as_array().unwrap().clone()
}

/// Each account has an id and an address of its own, and can be found by both.
#[track_caller]
fn assert_consistent(app: &App) {
    let (mut ids, mut emails) = (BTreeSet::new(), BTreeSet::new());
    for user in users(app) {
        let (id, email) = (
            user["id"].as_str().unwrap(),
            user["email"].as_str().unwrap(),
        );
        assert!(ids.insert(id.to_owned()), "two accounts under {id}");
        assert!(emails.insert(email.to_owned()), "two accounts at {email}");
        let by_id = app.make(&Call::get(&format!("/v1/admin/users/{id}")));
        assert_eq!(by_id.expect(200).json()["email"], email);
        let known = [App::PASSWORD, App::NEW_PASSWORD, App::OTHER_PASSWORD];
        let signed_in = known.map(|password| app.sign_in(email, password));
        let as_it = signed_in.iter().filter(|it| it.status == 200);
        assert_eq!(as_it.clone().count(), 1, "{email} signs in");
        assert!(as_it.clone().all(|it| it.text("user_id") == id));
    }
}

/// One of the two is created, with its own password, and the other answer is a conflict. Returns the winner.
#[track_caller]
fn one_is_created(app: &App, outcomes: &[u16], emails: [&str; 2]) -> usize {
    assert!(
        [[201, 409], [409, 201]].contains(&[outcomes[0], outcomes[1]]),
        "{outcomes:?}"
    );
    let winner = usize::from(outcomes[1] == 201);
    let passwords = [App::PASSWORD, App::NEW_PASSWORD];
    assert_eq!(app.sign_in(emails[winner], passwords[winner]).status, 200);
    assert_eq!(
        app.sign_in(emails[1 - winner], passwords[1 - winner])
            .status,
        401
    );
    winner
}

#[test]
fn an_id_gets_one_account_however_many_create_it() {
    let app = App::default();
    let calls = [
        create(&app, "ann", App::EMAIL, App::PASSWORD),
        create(&app, "ann", OTHER, App::NEW_PASSWORD),
    ];
    race(&app, &calls, |app, outcomes| {
        let emails = [App::EMAIL, OTHER];
        let winner = one_is_created(app, outcomes, emails);
        // The address of the other is free.
        let _ = app.create_account(emails[1 - winner]).expect(201);
    });
}

#[test]
fn an_address_gets_one_account_whatever_the_ids() {
    let app = App::default();
    let calls = [
        create(&app, "ann", App::EMAIL, App::PASSWORD),
        create(&app, "bob", App::EMAIL, App::NEW_PASSWORD),
    ];
    race(&app, &calls, |app, outcomes| {
        let winner = one_is_created(app, outcomes, [App::EMAIL; 2]);
        let free = ["bob", "ann"][winner];
        let again = create(app, free, OTHER, App::PASSWORD);
        assert_eq!(app.make(&again).status, 201);
    });
}

#[test]
fn of_a_creation_and_an_import_one_gets_the_id_or_the_address() {
    let app = App::default();
    for (id, email) in [("ann", OTHER), ("bob", App::EMAIL)] {
        let line = json!({"id": id, "email": email, "password": App::NEW_PASSWORD});
        let calls = [
            create(&app, "ann", App::EMAIL, App::PASSWORD),
            Call::import(&[line]),
        ];
        race(&app, &calls, |app, outcomes| {
            let _ = one_is_created(app, outcomes, [App::EMAIL, email]);
        });
    }
}

#[test]
fn of_two_imports_one_gets_the_id() {
    let app = App::default();
    let line = |email: &str, password: &str| {
        Call::import(&[json!({"id": "ann", "email": email, "password": password})])
    };
    let calls = [
        line(App::EMAIL, App::PASSWORD),
        line(OTHER, App::NEW_PASSWORD),
    ];
    race(&app, &calls, |app, outcomes| {
        let _ = one_is_created(app, outcomes, [App::EMAIL, OTHER]);
    });
}

#[test]
fn an_import_beside_its_own_repetition_creates_the_account_once() {
    let app = App::default();
    let line = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let call = Call::import(&[line]);
    race(&app, &[call.clone(), call], |app, outcomes| {
        assert!([[201, 200], [200, 201]].contains(&[outcomes[0], outcomes[1]]));
        assert_eq!(users(app).len(), 1);
    });
}

#[test]
fn of_a_change_of_address_and_a_creation_with_it_one_gets_it() {
    let app = App::default();
    let _ = app
        .make(&create(&app, "ann", App::EMAIL, App::PASSWORD))
        .expect(201);
    let calls = [
        app.call(ANN, json!({"email": OTHER})).by("PATCH"),
        create(&app, "bob", OTHER, App::NEW_PASSWORD),
    ];
    race(&app, &calls, |app, outcomes| {
        assert!(
            [[200, 409], [409, 201]].contains(&[outcomes[0], outcomes[1]]),
            "{outcomes:?}"
        );
        let moved = outcomes[0] == 200;
        assert_eq!(app.sign_in(OTHER, App::PASSWORD).status == 200, moved);
        assert_eq!(app.sign_in(OTHER, App::NEW_PASSWORD).status == 200, !moved);
        assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status == 200, !moved);
    });
}

#[test]
fn who_may_not_delete_gets_nothing_of_an_account_that_is_being_deleted() {
    let app = App::default();
    app.env
        .variables
        .set("jwt_jwks", &TestKey::jwks().to_string());
    app.env.variables.set("jwt_audience", TestKey::AUDIENCE);
    let _ = app
        .make(&create(&app, "ann", App::EMAIL, App::PASSWORD))
        .expect(201);
    let claims = TestKey::claims("users:write", app.env.clock().now());
    let writer = format!("Bearer {}", TestKey::EdDsa.token(&claims));
    for (id, email) in [("ann", OTHER), ("bob", App::EMAIL)] {
        let create = create(&app, id, email, App::NEW_PASSWORD);
        let calls = [
            app.call(ANN, Value::Null).by("DELETE"),
            create.with_authorization(&writer),
        ];
        race(&app, &calls, |app, outcomes| {
            assert_eq!(outcomes, [204, 409]);
            assert_eq!(users(app), Vec::<Value>::new());
        });
    }
}

#[test]
fn a_creation_under_the_id_of_an_account_that_is_being_deleted_is_refused_or_stays() {
    let app = App::default();
    let _ = app
        .make(&create(&app, "ann", App::EMAIL, App::PASSWORD))
        .expect(201);
    for email in [App::EMAIL, OTHER] {
        let calls = [
            app.call(ANN, Value::Null).by("DELETE"),
            create(&app, "ann", email, App::NEW_PASSWORD),
        ];
        race(&app, &calls, |app, outcomes| {
            assert_eq!(outcomes[0], 204);
            let created = outcomes[1] == 201;
            assert!(created || outcomes[1] == 409, "{outcomes:?}");
            assert_eq!(users(app).len(), usize::from(created));
            assert_eq!(app.sign_in(email, App::NEW_PASSWORD).status == 200, created);
            assert_eq!(app.sign_in(App::EMAIL, App::PASSWORD).status, 401);
        });
    }
}
