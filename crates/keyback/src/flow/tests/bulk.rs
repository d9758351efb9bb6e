//! One action on many accounts, run by the courier.

mod decisions;
mod recoveries;

use serde_json::{Value, json};

use crate::ports::Clock as _;
use crate::testing::{App, Call};

const BULK: &str = "/v1/admin/users/bulk";
const MONTH: u64 = 30 * 86_400;
/// bcrypt of [`App::PASSWORD`].
const HASH: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

fn id(number: usize) -> String {
    format!("user{number}")
}

fn email(number: usize) -> String {
    format!("user{number}@example.test")
}

/// An app with accounts `user0`, `user1` … that have [`App::PASSWORD`].
fn with_accounts(count: usize) -> App {
    let app = App::default();
    let line = |number| json!({"id": id(number), "email": email(number), "password_hash": HASH});
    let lines: Vec<Value> = (0..count).map(line).collect();
    let imported = app.make(&Call::import(&lines)).expect(200).json();
    assert_eq!(imported["created"], count);
    app.advance(5);
    app
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> Value {
    numbers.into_iter().map(id).collect::<Vec<_>>().into()
}

/// Starts a job and returns its path.
#[track_caller]
fn start(app: &App, order: Value) -> String {
    let reply = app.make(&app.call(BULK, order)).expect(202);
    assert_eq!(reply.json()["state"], "running");
    reply.header("location").to_owned()
}

#[track_caller]
fn job(app: &App, path: &str) -> Value {
    app.make(&Call::get(path)).expect(200).json()
}

/// `state`, `total`, `done`, `skipped`, `failed`.
#[track_caller]
fn assert_is(app: &App, path: &str, state: &str, counts: [u64; 4]) {
    let job = job(app, path);
    let found = ["total", "done", "skipped", "failed"].map(|name| job[name].as_u64());
    let found = (job["state"].as_str(), found);
    assert_eq!(found, (Some(state), counts.map(Some)), "{job}");
}

#[track_caller]
fn stop(app: &App, path: &str) {
    let call = app.call(path, Value::Null).by("DELETE");
    let _ = app.make(&call).expect(204);
}

/// The types of an account's events that came after its creation, oldest first.
fn events(app: &App, number: usize) -> Vec<String> {
    let page = app.make(&Call::get(&format!("/v1/admin/users/user{number}/events")));
    let page = page.expect(200).json();
    let kinds = page["events"].as_array().unwrap().iter().rev().skip(1);
    kinds
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

fn patch(app: &App, number: usize, changes: Value) {
    let call = app.call(&format!("/v1/admin/users/user{number}"), changes);
    let _ = app.make(&call.by("PATCH")).expect(200);
}

fn delete(app: &App, number: usize) {
    let call = app.call(&format!("/v1/admin/users/user{number}"), Value::Null);
    let _ = app.make(&call.by("DELETE")).expect(204);
}

fn signs_in(app: &App, number: usize) -> u16 {
    app.sign_in(&email(number), App::PASSWORD).status
}

#[test]
fn named_accounts_are_changed_once_each_and_all_are_accounted_for() {
    let app = with_accounts(4);
    patch(&app, 1, json!({"disabled": true}));
    app.advance(5);
    let order = json!({
        "action": "disable", "ids": ["user0", "user1", "nobody", "user0", "user3"], "reason": "leaked",
    });
    let path = start(&app, order);
    assert_is(&app, &path, "running", [4, 0, 0, 0]);
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [4, 2, 1, 1]);
    let job = job(&app, &path);
    let failure = json!([{"user_id": "nobody", "detail": "no such account"}]);
    assert_eq!(job["failures"], failure);
    let statuses: Vec<u16> = (0..4).map(|number| signs_in(&app, number)).collect();
    assert_eq!(statuses, [401, 401, 200, 401]);
    let page = app.make(&Call::get("/v1/admin/users/user0/events"));
    let event = page.expect(200).json()["events"][0].clone();
    assert_eq!(event["type"], "account.disabled");
    assert_eq!(event["reason"], "leaked");
    assert_eq!(event["actor"], job["actor"]);
    assert_eq!(event["actor"]["id"], "all");
    assert_eq!(event["from"], "192.0.*.*");
    // The job is over.
    patch(&app, 0, json!({"disabled": false}));
    let _ = app.run_courier();
    assert_eq!(signs_in(&app, 0), 200);
}

#[test]
fn a_filter_is_about_the_accounts_that_match_and_no_later_ones() {
    let app = with_accounts(3);
    let none = json!({"id": "none", "email": "none@example.test"});
    let _ = app.make(&app.call("/v1/admin/users", none)).expect(201);
    let before = app.env.clock.now().rfc3339();
    app.advance(60);
    let reset = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
    let call = app.call("/v1/admin/users/user2/reset-password", reset);
    let _ = app.make(&call).expect(200);
    let order = |dry_run: bool| {
        json!({
            "action": "require-change", "dry_run": dry_run,
            "filter": {"password_set_before": before},
        })
    };
    app.advance(60);
    let count = app.make(&app.call(BULK, order(true))).expect(200).json();
    assert_eq!(count, json!({"matching": 2, "complete": true}));
    let path = start(&app, order(false));
    let later = json!({"id": "later", "email": "later@example.test", "password_hash": HASH});
    let _ = app.make(&app.call("/v1/admin/users", later)).expect(201);
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [2, 2, 0, 0]);
    for (name, must_change) in [
        ("user0", true),
        ("user1", true),
        ("user2", false),
        ("later", false),
    ] {
        let account = app.make(&Call::get(&format!("/v1/admin/users/{name}")));
        let account = account.expect(200).json();
        assert_eq!(account["credential"]["must_change"], must_change, "{name}");
    }
}

#[test]
fn a_run_does_a_few_hundred_accounts_and_jobs_share_it() {
    let app = with_accounts(700);
    let all = start(&app, json!({"action": "sign-out", "filter": {}}));
    assert_eq!(job(&app, &all)["total"], 700);
    let few = start(&app, json!({"action": "disable", "ids": ids(690..700)}));
    let report = app.run_courier().json();
    assert_eq!(report["remaining"], 1);
    assert_is(&app, &all, "running", [700, 250, 0, 0]);
    assert_is(&app, &few, "done", [10, 10, 0, 0]);
    let report = app.run_courier().json();
    assert_eq!(report["remaining"], 0);
    assert_is(&app, &all, "done", [700, 700, 0, 0]);
    assert_eq!(events(&app, 0), ["sessions.revoked"]);
    assert_eq!(events(&app, 699), ["account.disabled", "sessions.revoked"]);
}

#[test]
fn a_job_stops_between_two_accounts_and_goes_after_a_month() {
    let app = with_accounts(600);
    let path = start(&app, json!({"action": "sign-out", "filter": {}}));
    let _ = app.run_courier();
    stop(&app, &path);
    assert_is(&app, &path, "stopped", [600, 500, 0, 0]);
    let _ = app.run_courier();
    assert_is(&app, &path, "stopped", [600, 500, 0, 0]);
    assert_eq!(events(&app, 599), Vec::<String>::new());
    let jobs = app.make(&Call::get(BULK)).expect(200).json();
    assert_eq!(jobs, json!({"jobs": [job(&app, &path)]}));
    // Stopping again changes nothing.
    stop(&app, &path);
    app.advance(MONTH - 3_600);
    let _ = app.run_courier();
    let _ = job(&app, &path);
    app.advance(2 * 86_400);
    app.run_courier_for(3);
    let _ = app.make(&Call::get(&path)).expect(404);
    let jobs = app.make(&Call::get(BULK)).expect(200).json();
    assert_eq!(jobs, json!({"jobs": []}));
    let mut left = app.env.store.names();
    left.retain(|name| name.starts_with("v1:bulk"));
    assert_eq!(left, ["v1:bulk-jobs"]);
}

#[test]
fn a_hundred_jobs_are_listed_and_no_more_run() {
    let app = with_accounts(1);
    let order = json!({"action": "sign-out", "ids": ["user0"]});
    let paths: Vec<String> = (0..100).map(|_| start(&app, order.clone())).collect();
    let refused = app.make(&app.call(BULK, order.clone())).expect(422);
    assert_eq!(refused.problem(), "validation-failed");
    stop(&app, &paths[7]);
    let newest = start(&app, order);
    let jobs = app.make(&Call::get(BULK)).expect(200).json();
    let jobs = jobs["jobs"].as_array().unwrap().clone();
    assert_eq!(jobs.len(), 100);
    assert!(newest.ends_with(jobs[0]["id"].as_str().unwrap()));
    assert!(!jobs.iter().any(|it| it["state"] == "stopped"));
    // It is no longer in the list, but can be read for a month.
    assert_eq!(job(&app, &paths[7])["state"], "stopped");
    app.advance(MONTH);
    let _ = app.run_courier();
    let gone = paths[7].rsplit('/').next().unwrap();
    assert!(!app.env.store.names().iter().any(|it| it.contains(gone)));
}

#[test]
fn an_account_that_the_store_refuses_holds_up_no_job_for_long() {
    let app = with_accounts(3);
    let path = start(&app, json!({"action": "disable", "ids": ids(0..3)}));
    let broken = app.env.store.bytes("v1:account:user1").unwrap();
    app.write("v1:account:user1", b"{\"v\":9,\"record\":{}}".to_vec());
    let _ = app.run_courier();
    assert_is(&app, &path, "done", [3, 2, 0, 1]);
    let failure = &job(&app, &path)["failures"][0];
    assert_eq!(failure["user_id"], "user1");
    app.write("v1:account:user1", broken);
    assert_eq!(events(&app, 1), Vec::<String>::new());
}

#[test]
fn the_portal_is_told_of_each_account() {
    let app = with_accounts(40);
    app.env
        .variables
        .set("webhook_url", "https://portal.example/events");
    let secret = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
    app.env.variables.set("webhook_secret", secret);
    let _ = start(&app, json!({"action": "sign-out", "filter": {}}));
    let _ = app.run_courier();
    assert_eq!(app.take_webhooks().len(), 40);
    app.run_courier_for(3);
    assert_eq!(app.take_webhooks().len(), 0);
}
