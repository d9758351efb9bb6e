//! Whoever works a bulk job does not hear what the store did.

use serde_json::json;

use super::{at_every_lost_answer, come_back_later};
use crate::testing::{App, Call};

#[test]
fn each_account_has_one_turn_all_the_same() {
    for (action, event) in [
        ("disable", "account.disabled"),
        ("sign-out", "sessions.revoked"),
        ("recover", "recovery.requested"),
    ] {
        let app = App::default();
        let names = ["ann", "bob"];
        let line = |name| json!({"id": name, "email": format!("{name}@example.test")});
        let _ = app.make(&Call::import(&names.map(line))).expect(200);
        app.advance(180);
        let _ = app.run_courier();
        let order = json!({"action": action, "filter": {}});
        let job = app
            .make(&app.call("/v1/admin/users/bulk", order))
            .expect(202);
        let path = job.header("location").to_owned();
        let courier = app.call("/v1/courier/run", json!({}));
        at_every_lost_answer(&app, &courier, |app, _| {
            come_back_later(app);
            let job = app.make(&Call::get(&path)).expect(200).json();
            let counts = ["state", "done", "skipped", "failed"].map(|name| job[name].clone());
            assert_eq!(counts, [json!("done"), json!(2), json!(0), json!(0)]);
            for name in names {
                let events = app.make(&Call::get(&format!("/v1/admin/users/{name}/events")));
                let events = events.expect(200).json()["events"].clone();
                let those = events.as_array().unwrap().iter();
                let those = those.filter(|it| it["type"] == event);
                assert_eq!(those.count(), 1, "{events}");
            }
        });
    }
}

/// The first account is none of the job's, so that there is progress to be stored beside that of the second.
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
