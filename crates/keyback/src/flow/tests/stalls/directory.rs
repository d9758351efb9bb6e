//! A courier that stalls while it applies changes to the directory: another one continues meanwhile.

use serde_json::{Value, json};

use super::{WORK, at_every_stall, come_back_later};
use crate::testing::{App, Call};

fn create(app: &App, id: &str, email: &str) {
    let account = json!({"id": id, "email": email});
    let _ = app.make(&app.call("/v1/admin/users", account)).expect(201);
}

fn search(app: &App, beginning: &str) -> Vec<String> {
    let call = Call::get(&format!("/v1/admin/users?q={beginning}"));
    let page = app.make(&call).expect(200).json();
    let users = page["users"].as_array().unwrap();
    assert_eq!(page["total"], users.len());
    let ids = users.iter().map(|it| it["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[test]
fn what_the_other_has_worked_in_is_not_undone() {
    let app = App::default();
    create(&app, "ann", "ann@example.test");
    create(&app, "bob", "bob@example.test");
    let courier = app.call("/v1/courier/run", json!({}));
    let meanwhile = |app: &App| {
        create(app, "cy", "cy@example.test");
        let moved = json!({"email": "zoe@other.test"});
        let move_away = app.call("/v1/admin/users/ann", moved).by("PATCH");
        let _ = app.make(&move_away).expect(200);
        let _ = app.run_courier();
    };
    at_every_stall(&app, &courier, WORK, meanwhile, |app, _, ()| {
        come_back_later(app);
        assert_eq!(search(app, "example"), ["cy", "bob"]);
        assert_eq!(search(app, "zoe"), ["ann"]);
        assert_eq!(search(app, ""), ["cy", "bob", "ann"]);
        // Only an intact tree ends up empty.
        for id in ["ann", "bob", "cy"] {
            let gone = app.call(&format!("/v1/admin/users/{id}"), Value::Null);
            let _ = app.make(&gone.by("DELETE")).expect(204);
        }
        come_back_later(app);
        let mut names = app.env.store.names();
        names.retain(|name| name.starts_with("v1:directory-") && name != "v1:directory-changes");
        assert_eq!(names, ["v1:directory-begun", "v1:directory-node:0"]);
    });
}
