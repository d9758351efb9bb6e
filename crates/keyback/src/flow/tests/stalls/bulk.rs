//! A courier that stalls in the middle of a bulk job: another one continues it.

use serde_json::json;

use super::{WORK, at_every_stall};
use crate::testing::{App, Call};

#[test]
fn an_account_has_one_turn_whoever_gives_it() {
    for (action, event) in [
        ("sign-out", "sessions.revoked"),
        ("recover", "recovery.requested"),
    ] {
        let app = App::default();
        let ann = json!({"id": "ann", "email": App::EMAIL});
        let _ = app.make(&app.call("/v1/admin/users", ann)).expect(201);
        app.advance(180);
        let _ = app.run_courier();
        let order = json!({"action": action, "ids": ["ann"]});
        let job = app
            .make(&app.call("/v1/admin/users/bulk", order))
            .expect(202);
        let path = job.header("location").to_owned();
        let courier = app.call("/v1/courier/run", json!({}));
        let meanwhile = |app: &App| {
            let _ = app.run_courier();
        };
        at_every_stall(&app, &courier, WORK, meanwhile, |app, _, ()| {
            for _ in 0..4 {
                app.advance(61);
                let _ = app.run_courier();
            }
            let job = app.make(&Call::get(&path)).expect(200).json();
            assert_eq!(
                (&job["state"], &job["done"]),
                (&json!("done"), &json!(1)),
                "{job}"
            );
            let events = app.make(&Call::get("/v1/admin/users/ann/events"));
            let events = events.expect(200).json()["events"].clone();
            let those = events.as_array().unwrap().iter();
            let those = those.filter(|it| it["type"] == event);
            assert_eq!(those.count(), 1, "{events}");
        });
    }
}
