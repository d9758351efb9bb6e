//! Accounts that are created, moved and deleted while another call stalls: an id and an address belong to one account,
//! and a deletion affects only its own account.

use serde_json::{Value, json};

use super::{
    ANN, CHANGE, WORK, account, at_every_stall, come_back_later, create, events, signs_in, with_ann,
};
use crate::testing::{App, Call, exchange, run_while};

const OTHER: &str = "other@example.test";

fn delete(app: &App) -> Call {
    app.call(ANN, Value::Null).by("DELETE")
}

/// Deletes ann, if she exists, and creates her again with another address.
fn create_anew(app: &App) {
    let _ = app.make(&delete(app));
    let _ = app.make(&create(app, "ann", OTHER)).expect(201);
}

#[track_caller]
fn assert_ann_is_there(app: &App) {
    come_back_later(app);
    assert_eq!(account(app, "ann")["email"], OTHER);
    assert!(signs_in(app, "ann", App::PASSWORD));
    assert_eq!(app.sign_in(OTHER, App::PASSWORD).status, 200);
    let listed = app.make(&Call::get("/v1/admin/users?limit=10")).json();
    assert_eq!(listed["users"].as_array().unwrap().len(), 1, "{listed}");
    // Her old address is free.
    let _ = app.make(&create(app, "bob", App::EMAIL)).expect(201);
}

#[test]
fn an_account_that_is_created_anew_while_its_deletion_stalls_stays() {
    let app = with_ann();
    at_every_stall(&app, &delete(&app), CHANGE, create_anew, |app, _, ()| {
        assert_ann_is_there(app);
    });
}

/// An app in which ann's deletion crashed before she was erased, so that a courier does it.
fn half_deleted() -> App {
    for operations in 0..100 {
        let app = with_ann();
        app.env.store.halt_after(Some(operations));
        let store = &app.env.store;
        let _ = run_while(exchange(&app.env, &delete(&app)), || !store.is_halted());
        store.halt_after(None);
        if events(&app).contains(&"account.deleted".to_owned()) {
            app.advance(61);
            return app;
        }
    }
    panic!("it was not deleted");
}

#[test]
fn an_account_that_is_created_anew_while_a_courier_erases_the_old_one_stays() {
    let app = half_deleted();
    let courier = app.call("/v1/courier/run", json!({}));
    for stall in [CHANGE, WORK] {
        at_every_stall(&app, &courier, stall, create_anew, |app, _, ()| {
            assert_ann_is_there(app);
        });
    }
}

#[test]
fn the_events_of_an_account_that_is_created_anew_go_on_counting() {
    let app = with_ann();
    let _ = app.make(&delete(&app)).expect(204);
    app.advance(90 * 86_400);
    let _ = app.run_courier();
    app.advance(2 * 86_400);
    let courier = app.call("/v1/courier/run", json!({}));
    let create = create(&app, "ann", OTHER);
    let meanwhile = |app: &App| {
        let _ = app.make(&create).expect(201);
    };
    at_every_stall(&app, &courier, CHANGE, meanwhile, |app, _, ()| {
        let _ = app.make(&app.call(ANN, json!({"locale": "de"})).by("PATCH"));
        assert_eq!(events(app), ["account.created", "locale.changed"]);
    });
}

#[test]
fn an_address_that_was_given_to_another_while_its_change_stalls_finds_the_other() {
    let app = with_ann();
    let change = app.call(ANN, json!({"email": "moved@example.test"}));
    let change = change.by("PATCH");
    let create = create(&app, "bob", App::EMAIL);
    let meanwhile = |app: &App| app.make(&create).status;
    at_every_stall(&app, &change, CHANGE, meanwhile, |app, _, created| {
        come_back_later(app);
        assert!([201, 409].contains(&created), "{created}");
        let email = account(app, "ann")["email"].as_str().unwrap().to_owned();
        assert_eq!(app.sign_in(&email, App::PASSWORD).text("user_id"), "ann");
        if created == 201 {
            assert_ne!(email, App::EMAIL);
            let bob = app.sign_in(App::EMAIL, App::PASSWORD);
            assert_eq!(bob.text("user_id"), "bob");
        }
    });
}

#[test]
fn a_new_address_or_id_that_another_took_meanwhile_is_the_others() {
    let app = with_ann();
    let line = json!({"id": "cid", "email": OTHER, "password": App::PASSWORD});
    let calls = [
        app.call(ANN, json!({"email": OTHER})).by("PATCH"),
        create(&app, "cid", OTHER),
        Call::import(&[line]),
    ];
    let create = create(&app, "bob", OTHER);
    for slow in calls {
        let meanwhile = |app: &App| app.make(&create).status;
        at_every_stall(&app, &slow, CHANGE, meanwhile, |app, reply, created| {
            let owner = app.sign_in(OTHER, App::PASSWORD).text("user_id");
            assert_eq!(owner == "bob", created == 201, "{created} {reply:?}");
            let listed = app.make(&Call::get("/v1/admin/users?limit=10")).json();
            let listed = listed["users"].as_array().unwrap();
            let owners = listed.iter().filter(|user| user["email"] == OTHER);
            assert_eq!(owners.count(), 1, "{listed:?}");
        });
    }
}
