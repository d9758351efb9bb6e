//! Deleting an account notifies its owner, and reserves its id and its address for a day.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call, TestKey, block_on, exchange, run_while};

const ANN: &str = "/v1/admin/users/ann";
const HOUR: u64 = 3_600;

fn with_ann() -> App {
    let app = App::default();
    app.env
        .variables
        .set("jwt_jwks", &TestKey::jwks().to_string());
    app.env.variables.set("jwt_audience", TestKey::AUDIENCE);
    let _ = app.make(&create(&app, "ann", App::EMAIL)).expect(201);
    app
}

fn create(app: &App, id: &str, email: &str) -> Call {
    app.call("/v1/admin/users", json!({"id": id, "email": email}))
}

/// The same call by a caller who may not delete accounts.
fn by_writer(app: &App, call: &Call) -> Call {
    let claims = TestKey::claims("users:write", app.env.clock().now());
    call.clone()
        .with_authorization(&format!("Bearer {}", TestKey::EdDsa.token(&claims)))
}

fn delete(app: &App) {
    let _ = app
        .make(&app.call(ANN, Value::Null).by("DELETE"))
        .expect(204);
}

fn status_of_writer(app: &App, id: &str, email: &str) -> u16 {
    app.make(&by_writer(app, &create(app, id, email))).status
}

#[test]
fn what_was_issued_to_the_account_before_keeps_the_next_one_under_its_id_waiting_for_nothing() {
    let app = with_ann();
    let recover = app.call("/v1/admin/users/ann/recovery", json!({"deliver": "return"}));
    for _ in 0..5 {
        let _ = app.make(&recover).expect(200);
    }
    delete(&app);
    let _ = app.make(&create(&app, "ann", App::EMAIL)).expect(201);
    let began = app.env.clock().now();
    let _ = app.make(&recover).expect(200);
    let taken = app.env.clock().now().since(began);
    assert!(taken.as_secs() < 1, "{taken:?}");
    let asked = json!({"email": App::EMAIL});
    let _ = app
        .make(&app.call("/v1/forgot-password", asked))
        .expect(202);
    let taken = app.env.clock().now().since(began);
    assert!(taken.as_secs() < 1, "{taken:?}");
}

#[test]
fn the_owner_is_told_in_the_language_of_the_account_though_it_is_gone() {
    let app = App::default();
    let ann = json!({"id": "ann", "email": "Ann@example.test", "locale": "de"});
    let _ = app.make(&app.call("/v1/admin/users", ann)).expect(201);
    app.env.http.answer_with(503, None);
    delete(&app);
    assert_eq!(app.take_mails().len(), 1, "the first try, in vain");
    app.env.http.answer_with(200, None);
    app.run_courier_for(3);
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "Ann@example.test");
    assert_eq!(mails[0].subject, "Ihr Konto bei Keyback wurde gelöscht");
    let _ = app
        .make(&app.call(ANN, Value::Null).by("DELETE"))
        .expect(404);
    app.run_courier_for(3);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn who_may_not_delete_waits_a_day_for_the_id_and_the_address() {
    // Before midnight, and after it.
    for hours in [0, 20] {
        let app = with_ann();
        app.advance(hours * HOUR);
        delete(&app);
        let reply = app.make(&by_writer(&app, &create(&app, "ann", "new@example.test")));
        assert_eq!(reply.problem(), "conflict");
        let until = app.env.clock().now().rfc3339();
        let (date, hour) = (&until[..10], &until[11..13]);
        let detail = reply.text("detail");
        assert!(
            !detail.contains(date) && detail.contains(&format!("T{hour}:")),
            "{detail} {until}"
        );
        for wait in [0, 1, 22] {
            app.advance(wait * HOUR);
            let _ = app.run_courier();
            let fork = app.fork();
            assert_eq!(status_of_writer(&fork, "ann", "new@example.test"), 409);
            assert_eq!(status_of_writer(&fork, "bob", App::EMAIL), 409);
            assert_eq!(status_of_writer(&fork, "bob", "ANN@EXAMPLE.TEST"), 409);
            assert_eq!(status_of_writer(&fork, "bob", "new@example.test"), 201);
            let change = app.call("/v1/admin/users/bob", json!({"email": App::EMAIL}));
            let change = by_writer(&fork, &change.by("PATCH"));
            assert_eq!(fork.make(&change).status, 409);
            let _ = fork.make(&create(&fork, "ann", App::EMAIL)).expect(201);
        }
        app.advance(HOUR);
        assert_eq!(status_of_writer(&app, "ann", App::EMAIL), 201);
    }
}

#[test]
fn an_import_is_held_to_it_as_well() {
    let app = with_ann();
    delete(&app);
    let lines = [
        json!({"id": "ann", "email": "new@example.test"}),
        json!({"email": App::EMAIL}),
        json!({"id": "bob", "email": "bob@example.test"}),
    ];
    let reply = app
        .make(&by_writer(&app, &Call::import(&lines)))
        .expect(200)
        .json();
    assert_eq!([&reply["created"], &reply["failed"]], [1, 2]);
    for failure in reply["failures"].as_array().unwrap() {
        assert_eq!(failure["code"], "conflict");
        let detail = failure["detail"].as_str().unwrap();
        assert!(detail.contains("can be used again from"), "{detail}");
    }
    let reply = app.make(&Call::import(&lines[..2])).expect(200).json();
    assert_eq!(reply["created"], 2);
}

#[test]
fn a_second_deletion_reserves_anew_and_nothing_is_left_after_two_days() {
    let app = with_ann();
    delete(&app);
    app.advance(6 * HOUR);
    let _ = app.make(&create(&app, "ann", App::EMAIL)).expect(201);
    delete(&app);
    app.advance(20 * HOUR);
    app.run_courier_for(3);
    assert_eq!(status_of_writer(&app, "ann", App::EMAIL), 409);
    app.advance(4 * HOUR);
    assert_eq!(status_of_writer(&app.fork(), "ann", App::EMAIL), 201);
    app.advance(24 * HOUR);
    app.run_courier_for(3);
    let names = app.env.store.names();
    let left: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with("v1:reserved"))
        .collect();
    assert_eq!(left, Vec::<&String>::new());
}

#[test]
fn a_sign_in_that_is_noted_after_the_deletion_is_forgotten() {
    let app = App::default();
    let account = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", account)).expect(201);
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let (signed_in, deferred) = app.answer(&app.call("/v1/sign-in", body));
    let _ = signed_in.expect(200);
    delete(&app);
    block_on(after_response::run(&app.env, deferred));
    for _ in 0..100 {
        app.advance(24 * HOUR);
        let _ = app.run_courier();
    }
    let names = app.env.store.names();
    let left: Vec<_> = names.iter().filter(|it| it.contains(":ann")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// An account whose deletion is recorded, by a process that died then.
fn with_half_deleted_ann() -> App {
    for operations in 0..100 {
        let app = with_ann();
        let _ = app.create_account("bob@example.test").expect(201);
        let store = &app.env.store;
        store.halt_after(Some(operations));
        let deletion = app.call(ANN, Value::Null).by("DELETE");
        let _ = run_while(exchange(&app.env, &deletion), || !store.is_halted());
        store.halt_after(None);
        let events = app.make(&Call::get(&format!("{ANN}/events")));
        if events.body.contains("account.deleted") {
            // The lease of the dead process runs out.
            app.advance(20);
            return app;
        }
    }
    panic!("no deletion was recorded");
}

#[test]
fn an_account_that_is_changed_before_it_is_erased_does_not_stay_in_the_directory() {
    let app = with_half_deleted_ann();
    let _ = app.run_courier();
    let disable = app.call(ANN, json!({"disabled": true})).by("PATCH");
    let _ = app.make(&disable).expect(200);
    app.run_courier_for(5);
    assert_eq!(app.make(&Call::get(ANN)).status, 404);
    let page = app.make(&Call::get("/v1/admin/users?q=example")).json();
    assert_eq!(page["total"], 1, "{page}");
    assert_eq!(page["users"].as_array().map(Vec::len), Some(1), "{page}");
}
