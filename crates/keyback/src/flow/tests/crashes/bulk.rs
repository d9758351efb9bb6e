//! A courier that dies at any step of a bulk job.

use serde_json::{Value, json};

use super::{YEAR, at_every_operation, come_back_later};
use crate::courier::after_response;
use crate::testing::{App, Call, exchange};

const NAMES: [&str; 3] = ["ann", "bob", "cy"];

async fn run_courier(app: &App, (): &mut ()) {
    let (_, deferred) = exchange(&app.env, &app.call("/v1/courier/run", json!({}))).await;
    after_response::run(&app.env, deferred).await;
}

fn with_accounts() -> App {
    let app = App::default();
    let line = |name| json!({"id": name, "email": format!("{name}@example.test")});
    let _ = app.make(&Call::import(&NAMES.map(line))).expect(200);
    app.advance(49 * 60);
    let _ = app.run_courier();
    app
}

/// An app with a job over all accounts, and its path.
fn with_a_job(action: &str) -> (App, String) {
    let app = with_accounts();
    app.env
        .variables
        .set("webhook_url", "https://portal.example/events");
    let secret = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
    app.env.variables.set("webhook_secret", secret);
    let order = json!({"action": action, "filter": {}});
    let reply = app
        .make(&app.call("/v1/admin/users/bulk", order))
        .expect(202);
    let path = reply.header("location").to_owned();
    (app, path)
}

fn events(app: &App, name: &str) -> Vec<Value> {
    let page = app.make(&Call::get(&format!("/v1/admin/users/{name}/events")));
    page.expect(200).json()["events"]
        .as_array()
        .unwrap()
        .clone()
}

/// After a crash at each operation, the job finishes, accounts for each account once, and reports each to the portal.
fn goes_on_after_a_crash(action: &str, event: &str) {
    let (app, path) = with_a_job(action);
    at_every_operation(&app, run_courier, |app, (), operations| {
        come_back_later(&app);
        let job = app.make(&Call::get(&path)).expect(200).json();
        let counts = ["state", "total", "done", "skipped"].map(|name| job[name].clone());
        let expected = [json!("done"), json!(3), json!(3), json!(0)];
        assert_eq!(counts, expected, "after {operations}");
        let mut heard: Vec<String> = app
            .take_webhooks()
            .iter()
            .filter_map(|it| {
                let told: Value = serde_json::from_slice(it.body()).unwrap();
                let is_it = told["type"] == event;
                is_it.then(|| told["data"]["user_id"].as_str().unwrap().to_owned())
            })
            .collect();
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard, NAMES, "after {operations}");
        for name in NAMES {
            let events = events(&app, name);
            let those = events.iter().filter(|it| it["type"] == event);
            assert_eq!(those.count(), 1, "after {operations}: {events:?}");
        }
        app.advance(YEAR);
        let _ = app.run_courier();
        app.advance(YEAR);
        let _ = app.run_courier();
        let fresh = with_accounts();
        fresh.advance(YEAR);
        let _ = fresh.run_courier();
        let mut left = app.left_over(&fresh);
        // The lease of a courier that died stays with the account.
        left.retain(|name| name != "v1:bulk-jobs" && !name.starts_with("v1:lease:account."));
        assert_eq!(left, Vec::<String>::new(), "after {operations}");
    });
}

#[test]
fn sessions_are_ended_once_each() {
    goes_on_after_a_crash("sign-out", "sessions.revoked");
}

#[test]
fn each_account_gets_one_recovery() {
    goes_on_after_a_crash("recover", "recovery.requested");
}

#[test]
fn an_order_that_was_not_answered_is_begun_as_a_whole_or_not_at_all() {
    let app = with_accounts();
    let order = json!({"action": "disable", "ids": NAMES});
    let act = async |app: &App, (): &mut ()| {
        let (_, deferred) =
            exchange(&app.env, &app.call("/v1/admin/users/bulk", order.clone())).await;
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&app, act, |app, (), operations| {
        come_back_later(&app);
        let jobs = app.make(&Call::get("/v1/admin/users/bulk")).expect(200);
        let jobs = jobs.json()["jobs"].as_array().unwrap().clone();
        let done: Vec<_> = jobs.iter().map(|job| job["done"].as_u64()).collect();
        assert!(
            done.is_empty() || done == [Some(3)],
            "after {operations}: {jobs:?}"
        );
    });
}
