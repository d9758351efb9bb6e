//! A user's events are kept for 90 days, even if the user is deleted.

use serde_json::{Value, json};

use crate::testing::{App, Call};

const DAY: u64 = 86_400;

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

/// The types of ann's events, newest first; `None` if there are none.
fn events(app: &App) -> Option<Vec<String>> {
    let reply = app.make(&Call::get("/v1/admin/users/ann/events"));
    (reply.status == 200).then(|| {
        let page = reply.json();
        let events = page["events"].as_array().unwrap();
        let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
        events.iter().map(kind).collect()
    })
}

fn delete(app: &App) {
    let delete = app.call("/v1/admin/users/ann", Value::Null).by("DELETE");
    let _ = app.make(&delete).expect(204);
}

#[test]
fn an_event_is_kept_for_ninety_days() {
    let app = with_ann();
    app.advance(DAY);
    let _ = app.recover();
    app.advance(88 * DAY);
    let _ = app.run_courier();
    let both = ["recovery.requested", "account.created"].map(str::to_owned);
    assert_eq!(events(&app).unwrap(), both);
    app.advance(DAY + 16 * 3_600);
    let _ = app.run_courier();
    assert_eq!(events(&app).unwrap(), ["recovery.requested"]);
    app.advance(DAY);
    let _ = app.run_courier();
    assert_eq!(events(&app).unwrap(), Vec::<String>::new());
}

#[test]
fn the_events_of_a_deleted_user_are_kept_as_long() {
    let app = with_ann();
    delete(&app);
    let all = ["account.deleted", "account.created"].map(str::to_owned);
    assert_eq!(events(&app).unwrap(), all);
    app.advance(89 * DAY);
    let _ = app.run_courier();
    assert_eq!(events(&app).unwrap(), all);
    app.advance(DAY + 16 * 3_600);
    let _ = app.run_courier();
    assert_eq!(events(&app), None);
    app.advance(2 * DAY);
    let _ = app.run_courier();
    assert!(
        !app.env.store.dump().contains(":ann"),
        "{}",
        app.env.store.dump()
    );
}

#[test]
fn what_happened_before_a_user_was_created_anew_can_still_be_seen() {
    let app = with_ann();
    delete(&app);
    let body = json!({"id": "ann", "email": "ann@example.org"});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let all = ["account.created", "account.deleted", "account.created"].map(str::to_owned);
    assert_eq!(events(&app).unwrap(), all);
}

#[test]
fn an_event_stands_there_as_soon_as_the_answer_does() {
    let app = with_ann();
    let order = json!({"generate": true, "return_password": true});
    let reset = app.call("/v1/admin/users/ann/reset-password", order);
    // The work after the answer is dropped.
    let (reply, _) = app.answer(&reset);
    assert_eq!(reply.status, 200);
    let all = [
        "sessions.revoked",
        "password.change_required",
        "password.changed",
        "account.created",
    ];
    assert_eq!(events(&app).unwrap(), all.map(str::to_owned));
}

#[test]
fn an_imported_account_s_events_begin_with_its_import() {
    let app = App::default();
    let line = json!({"id": "ann", "email": App::EMAIL});
    let import = app.call("/v1/admin/users/import", line);
    let _ = app.make(&import).expect(200);
    assert_eq!(events(&app).unwrap(), ["account.created"]);
    let order = json!({
        "generate": true,
        "return_password": true,
        "sign_out_everywhere": false,
        "change_on_next_sign_in": false,
    });
    let _ = app
        .make(&app.call("/v1/admin/users/ann/reset-password", order))
        .expect(200);
    let both = ["password.changed", "account.created"].map(str::to_owned);
    assert_eq!(events(&app).unwrap(), both);
    let _ = app.run_courier();
    assert_eq!(events(&app).unwrap(), both);
}
