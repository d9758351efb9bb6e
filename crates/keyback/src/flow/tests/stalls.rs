//! A call that stalls for longer than its lease or its turn: others continue meanwhile, and their changes survive when
//! it resumes.
//!
//! Each operation on the store is done at once, and its answer is held back. So every stall between two operations is
//! tried, and every read whose answer is out of date. One stall cannot be caught: a write that has passed its check and
//! is still on its way to the store. Writing under a lease ends a second before the lease does, so such a write does
//! harm only if it takes longer than that second. The turn to issue and the time at an entry have no such margin: a
//! write that passed the check at their very end may arrive after them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::testing::{App, Call, Reply, block_on, exchange, run_while};

mod accounts;
mod administrators;
mod bulk;
mod couriers;
mod directory;
mod emails;
mod recoveries;

/// Longer than the lease on a change, and than a turn to issue.
const CHANGE: Duration = Duration::from_secs(20);
/// Longer than the lease on work that calls other hosts, and than a request has exclusive use of its own entry.
const WORK: Duration = Duration::from_mins(2);

const ANN: &str = "/v1/admin/users/ann";

/// Makes `slow` on copies of `app`. In each, the answer of another operation on the store, of the call or of the work
/// after it, is held back for `stall`. `meanwhile` runs after that time, before the slow call resumes. `check` gets
/// each result, with what `meanwhile` returned.
#[track_caller]
fn at_every_stall<T>(
    app: &App,
    slow: &Call,
    stall: Duration,
    meanwhile: impl Fn(&App) -> T,
    check: impl Fn(&App, &Reply, T),
) {
    for operation in 0..300 {
        let app = app.fork();
        let store = &app.env.store;
        store.hold_answer_after(operation);
        let work = async {
            let (reply, deferred) = exchange(&app.env, slow).await;
            after_response::run(&app.env, deferred).await;
            reply
        };
        let mut work = Box::pin(work);
        if run_while(work.as_mut(), || !store.holds_answer()).is_some() {
            assert!(operation > 3, "it did something");
            return;
        }
        let operations = store.take_operations();
        let held = usize::try_from(operation)
            .ok()
            .and_then(|at| operations.get(at));
        println!("{operation}: {held:?}");
        app.env.clock.advance(stall);
        let brought = meanwhile(&app);
        store.release_answer();
        let reply = block_on(work.as_mut());
        println!("answered {}", reply.status);
        drop(work);
        check(&app, &reply, brought);
    }
    panic!("no end");
}

/// Lets time pass and runs the courier, as often as any work delayed by a stall may need.
fn come_back_later(app: &App) {
    for _ in 0..6 {
        app.advance(60);
        let _ = app.run_courier();
    }
}

/// What is left after everything has expired, except for what `fresh` then contains too.
fn left_over(app: &App, fresh: &App) -> Vec<String> {
    come_back_later(app);
    let fresh = fresh.fork();
    for app in [app, &fresh] {
        for _ in 0..3 {
            app.advance(365 * 86_400);
            let _ = app.run_courier();
        }
    }
    let mut left_over = app.left_over(&fresh);
    // A call that loses a lease leaves its counter.
    left_over.retain(|name| !name.starts_with("v1:lease:"));
    left_over
}

fn with_ann() -> App {
    let app = App::default();
    let _ = app.make(&create(&app, "ann", App::EMAIL)).expect(201);
    app
}

fn create(app: &App, id: &str, email: &str) -> Call {
    let body = json!({"id": id, "email": email, "password": App::PASSWORD});
    app.call("/v1/admin/users", body)
}

/// Sets ann's password, as an administrator.
fn set_password(app: &App, password: &str) -> Call {
    let body = json!({"password": password, "change_on_next_sign_in": false});
    app.call(&format!("{ANN}/reset-password"), body)
}

fn signs_in(app: &App, id: &str, password: &str) -> bool {
    let body = json!({"user_id": id, "password": password});
    app.make(&app.call("/v1/sign-in", body)).status == 200
}

fn account(app: &App, id: &str) -> Value {
    let call = Call::get(&format!("/v1/admin/users/{id}"));
    app.make(&call).expect(200).json()
}

/// The types of ann's events, oldest first.
fn events(app: &App) -> Vec<String> {
    let page = app.make(&Call::get(&format!("{ANN}/events?limit=100")));
    let page = page.expect(200).json();
    let events = page["events"].as_array().unwrap().iter().rev();
    let kinds = events.map(|event| event["type"].as_str().unwrap().to_owned());
    kinds.collect()
}
