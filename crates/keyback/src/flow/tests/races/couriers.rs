//! Concurrent couriers.

use std::time::Duration;

use serde_json::json;

use crate::courier::after_response;
use crate::ports::KeyValue as _;
use crate::store::keys;
use crate::testing::schedules::{Caller, explore};
use crate::testing::{App, MemoryEnv, exchange};

/// How many orders are run.
const MOST: usize = 500;

fn courier(app: &App) -> Caller<u16> {
    let (env, call) = (app.env.clone(), app.call("/v1/courier/run", json!({})));
    Box::pin(async move { exchange(&env, &call).await.0.status })
}

/// Takes a turn, and lets `duration` pass.
fn passing_time(env: &MemoryEnv, duration: Duration) -> Caller<u16> {
    let env = env.clone();
    Box::pin(async move {
        let _ = env.store.get(&keys::agenda()).await;
        env.clock.advance(duration);
        200
    })
}

/// An app with an unprocessed request, due now, at `seconds` into a minute.
fn with_a_due_request(seconds: u64) -> App {
    let app = App::with_account();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.advance(120 + seconds);
    app
}

/// Runs the callers, and checks what was emailed after enough time for all of it.
fn race(app: &App, callers: impl Fn(&App) -> Vec<Caller<u16>>) {
    let begin = || {
        let app = app.fork();
        let callers = callers(&app);
        (app, callers)
    };
    let explored = explore(MOST, begin, |app, statuses| {
        assert!(statuses.iter().all(|status| *status == 200));
        let at_once = app.env.http.requests();
        for _ in 0..5 {
            app.advance(61);
            let _ = app.run_courier();
        }
        let mails = app.take_mails();
        assert_eq!(mails.len(), 1, "{at_once} of them at once: {mails:?}");
    });
    assert!(explored.orders >= MOST, "{explored:?}");
}

#[test]
fn two_couriers_send_nothing_twice() {
    let app = with_a_due_request(0);
    race(&app, |app| vec![courier(app), courier(app)]);
}

#[test]
fn three_couriers_send_nothing_twice() {
    let app = with_a_due_request(0);
    race(&app, |app| vec![courier(app), courier(app), courier(app)]);
}

#[test]
fn two_couriers_send_nothing_twice_while_a_minute_ends() {
    let app = with_a_due_request(59);
    race(&app, |app| {
        let minute_ends = passing_time(&app.env, Duration::from_secs(2));
        vec![courier(app), courier(app), minute_ends]
    });
}

#[test]
fn a_courier_against_the_one_who_asked_sends_nothing_twice() {
    let app = App::with_account();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    race(&app, |app| {
        let (_, deferred) = app.answer(&call);
        // The first caller was so slow that others may take the entry.
        app.advance(60);
        let env = app.env.clone();
        let slow: Caller<u16> = Box::pin(async move {
            after_response::run(&env, deferred).await;
            200
        });
        vec![slow, courier(app)]
    });
}
