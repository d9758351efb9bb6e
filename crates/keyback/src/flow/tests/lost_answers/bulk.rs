//! Ordering, running and stopping a bulk job while the store's answers are lost.

use serde_json::{Value, json};

use super::{at_every_lost_answer, come_back_later, take_different_mails};
use crate::testing::{App, Call};

const BULK: &str = "/v1/admin/users/bulk";
const NAMES: [&str; 2] = ["ann", "bob"];

fn with_accounts() -> App {
    let app = App::default();
    let line = |name| json!({"id": name, "email": format!("{name}@example.test")});
    let _ = app.make(&Call::import(&NAMES.map(line))).expect(200);
    app.advance(180);
    let _ = app.run_courier();
    app
}

/// How many events of this type each account has had.
fn events(app: &App, kind: &str) -> [usize; 2] {
    NAMES.map(|name| {
        let page = app.make(&Call::get(&format!("/v1/admin/users/{name}/events")));
        let events = page.expect(200).json()["events"].clone();
        let events = events.as_array().unwrap().iter();
        events.filter(|event| event["type"] == kind).count()
    })
}

fn jobs(app: &App) -> Vec<Value> {
    let listed = app.make(&Call::get(BULK)).expect(200).json();
    listed["jobs"].as_array().unwrap().clone()
}

/// `state`, and how many accounts it has `done`, `skipped` and `failed`.
fn progress(job: &Value) -> (&str, [u64; 3]) {
    let counts = ["done", "skipped", "failed"].map(|name| job[name].as_u64().unwrap());
    (job["state"].as_str().unwrap(), counts)
}

#[test]
fn an_order_that_is_listed_was_heard_and_one_that_is_given_twice_is_done_once() {
    for (action, event, mails) in [
        ("disable", "account.disabled", 0),
        ("sign-out", "sessions.revoked", 0),
        ("recover", "recovery.requested", 2),
    ] {
        let assert_done_once = |app: &App| {
            assert_eq!(events(app, event), [1, 1]);
            assert_eq!(take_different_mails(app), vec![true; mails]);
        };
        for order in [
            json!({"action": action, "ids": NAMES}),
            json!({"action": action, "filter": {}}),
        ] {
            let app = with_accounts();
            let call = app.call(BULK, order);
            let _ = at_every_lost_answer(&app, &call, |app, reply| {
                assert!([202, 503].contains(&reply.status), "{reply:?}");
                let begun = jobs(app).len();
                assert!(begun == 1 || begun == 0 && reply.status == 503);
                if reply.status == 202 {
                    assert_eq!(jobs(app)[0]["id"], reply.json()["id"]);
                }
                let careful = app.fork();
                if begun == 0 {
                    let _ = careful.make(&call).expect(202);
                }
                come_back_later(&careful);
                let listed = jobs(&careful);
                assert_eq!(listed.len(), 1);
                assert_eq!(progress(&listed[0]), ("done", [2, 0, 0]));
                assert_done_once(&careful);

                let _ = app.make(&call).expect(202);
                come_back_later(app);
                let listed = jobs(app);
                assert_eq!(listed.len(), begun + 1);
                for (place, job) in listed.iter().rev().enumerate() {
                    let counts = if place == 0 { [2, 0, 0] } else { [0, 2, 0] };
                    assert_eq!(progress(job), ("done", counts));
                }
                assert_done_once(app);
            });
        }
    }
}

#[test]
fn a_job_that_was_told_to_stop_begins_no_account_and_can_be_told_again() {
    let app = with_accounts();
    let order = json!({"action": "sign-out", "filter": {}});
    let begun = app.make(&app.call(BULK, order)).expect(202);
    let path = begun.header("location").to_owned();
    let stop = app.call(&path, Value::Null).by("DELETE");
    let job = |app: &App| app.make(&Call::get(&path)).expect(200).json();
    let assert_stopped = |app: &App| {
        assert_eq!(progress(&job(app)), ("stopped", [0, 0, 0]));
        assert_eq!(events(app, "sessions.revoked"), [0, 0]);
    };
    let ends = |app: &App| {
        let _ = app.make(&stop).expect(204);
        assert_stopped(app);
        come_back_later(app);
        assert_stopped(app);
        let _ = app.make(&stop).expect(204);
        assert_stopped(app);
        app.advance(31 * 86_400);
        app.run_courier_for(3);
        let _ = app.make(&Call::get(&path)).expect(404);
        let mut left = app.env.store.names();
        left.retain(|name| name.starts_with("v1:bulk"));
        assert_eq!(left, ["v1:bulk-jobs"]);
    };
    let _ = at_every_lost_answer(&app, &stop, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let stopped = job(app)["state"] == "stopped";
        assert!(stopped || reply.status == 503);
        let alone = app.fork();
        come_back_later(&alone);
        if stopped {
            assert_stopped(&alone);
        } else {
            assert_eq!(progress(&job(&alone)), ("done", [2, 0, 0]));
        }
        ends(app);
    });
    let _ = app.make(&stop).expect(204);
    let courier = app.call("/v1/courier/run", json!({}));
    let _ = at_every_lost_answer(&app, &courier, |app, _| ends(app));
}

#[test]
fn each_account_has_one_turn_all_the_same() {
    for (action, event) in [
        ("disable", "account.disabled"),
        ("sign-out", "sessions.revoked"),
        ("recover", "recovery.requested"),
    ] {
        let app = with_accounts();
        let order = json!({"action": action, "filter": {}});
        let _ = app.make(&app.call(BULK, order)).expect(202);
        let courier = app.call("/v1/courier/run", json!({}));
        let _ = at_every_lost_answer(&app, &courier, |app, _| {
            come_back_later(app);
            assert_eq!(progress(&jobs(app)[0]), ("done", [2, 0, 0]));
            assert_eq!(events(app, event), [1, 1]);
        });
    }
}

/// The first account is not selected by the job, so that there is progress to store beside that of the second.
#[test]
fn what_a_job_has_done_is_counted_though_the_store_fails_soon_after_a_lost_answer() {
    let app = App::default();
    let line = |name| json!({"id": name, "email": format!("{name}@example.test")});
    let mut lines = ["ann", "bob"].map(line);
    lines[0]["disabled"] = json!(true);
    let _ = app.make(&Call::import(&lines)).expect(200);
    app.advance(180);
    let _ = app.run_courier();
    let order = json!({"action": "sign-out", "filter": {"disabled": false}});
    let job = app.make(&app.call("/v1/admin/users/bulk", order));
    let path = job.expect(202).header("location").to_owned();
    for (operation, later) in (0..300).flat_map(|lost| [1, 2, 3].map(|later| (lost, later))) {
        let app = app.fork();
        let store = &app.env.store;
        let before = store.operations();
        store.lose_answer_after(Some(operation));
        store.fail_once_after(operation + later);
        let _ = app.make(&app.call("/v1/courier/run", json!({})));
        store.lose_answer_after(None);
        store.fail_after(None);
        if store.operations() - before <= operation {
            return;
        }
        come_back_later(&app);
        let job = app.make(&Call::get(&path)).expect(200).json();
        let counts = ["state", "done", "skipped", "failed"].map(|name| job[name].clone());
        assert_eq!(
            counts,
            [json!("done"), json!(1), json!(0), json!(0)],
            "{operation}"
        );
    }
    panic!("no end");
}
