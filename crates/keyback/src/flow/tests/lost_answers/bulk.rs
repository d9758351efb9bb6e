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
