//! Long work pauses: where calls to the store block, other requests of an instance run only during a pause.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::testing::{App, Call, block_on, exchange, run_while};

const DAY: u64 = 86_400;

/// The most operations of the store between two pauses: most are reads, of which a step makes a hundred or more at once.
const LONGEST_STRETCH: u64 = 1_000;

/// Asserts that `call` and the work after its answer make at least `least` operations of the store, and pause often
/// enough.
#[track_caller]
fn assert_pauses(app: &App, call: &Call, least: u64) {
    let (clock, store) = (&app.env.clock, &app.env.store);
    let began = store.operations();
    let longest = Cell::new(0);
    let paused = Cell::new((clock.sleeps(), store.operations()));
    let watch = || {
        let (sleeps, operations) = paused.get();
        longest.set(longest.get().max(store.operations() - operations));
        if clock.sleeps() != sleeps {
            paused.set((clock.sleeps(), store.operations()));
        }
        true
    };
    let (reply, deferred) = run_while(exchange(&app.env, call), watch).expect("it ends");
    assert_eq!(reply.status / 100, 2, "{reply:?}");
    run_while(after_response::run(&app.env, deferred), watch).expect("it ends");
    let operations = store.operations() - began;
    assert!(operations >= least, "there is little to do: {operations}");
    assert!(
        longest.get() <= LONGEST_STRETCH,
        "{} at once",
        longest.get()
    );
}

fn courier(app: &App) -> Call {
    app.call("/v1/courier/run", json!({}))
}

/// As many requests, each of a process that ends before it has done the work after its answer.
fn ask_in_vain(app: &App, requests: u64) {
    app.env.variables.set("limit_app_forgot", "100000/60");
    for number in 0..requests {
        app.come_from(&format!("10.1.{}.{}:1", number / 250, number % 250));
        let body = json!({"email": format!("nobody{number}@example.test")});
        let _lost = block_on(exchange(&app.env, &app.call("/v1/forgot-password", body)));
    }
}

#[test]
fn a_run_pauses_while_it_processes_entries_and_puts_them_off() {
    let app = App::with_account();
    ask_in_vain(&app, 5_000);
    app.advance(61);
    assert_pauses(&app, &courier(&app), 5_000);
}

#[test]
fn a_run_pauses_while_it_brings_back_what_was_put_off() {
    let app = App::with_account();
    // Each is recovered in another minute, and the record of its email is deleted as many days later.
    for number in 0..1_000 {
        app.come_from(&format!("10.1.{}.{}:1", number / 250, number % 250));
        let email = format!("user{number}@example.test");
        let _ = app.create_account(&email).expect(201);
        let _ = app.forgot(&email).expect(202);
        app.advance(61);
    }
    app.run_courier_for(3);
    app.advance(100 * DAY);
    assert_pauses(&app, &courier(&app), 2_000);
}

#[test]
fn an_import_a_job_an_export_and_the_directory_pause() {
    let app = App::default();
    let lines: Vec<Value> = (0..2_000)
        .map(|number| json!({"id": format!("user{number}"), "email": format!("user{number}@example.test")}))
        .collect();
    assert_pauses(&app, &Call::import(&lines), 2_000);
    assert_pauses(&app, &courier(&app), 2_000);
    assert_pauses(&app, &Call::get("/v1/admin/users/export?limit=2000"), 2_000);
    let order = json!({"action": "disable", "filter": {"no_password": true}});
    assert_pauses(&app, &app.call("/v1/admin/users/bulk", order), 2_000);
    assert_pauses(&app, &courier(&app), 2_000);
}
