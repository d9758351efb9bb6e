//! Looking for new passwords among breached ones.

use serde_json::{Value, json};

use crate::ports::NoAnswer;
use crate::testing::{App, Call};

const LIST: &str = "api.pwnedpasswords.com";
/// The SHA-1 by `printf 'copper lantern drifts north' | sha1sum`: its first five digits, and the others.
const RANGE: &str = "/range/69AFA";
const REST: &str = "438A1EEE8E19B20C7E1BF6977519DA6A077";

fn checking() -> App {
    let app = App::default();
    app.env.variables.set("password_breach_check", "on");
    app.env.http.answer_body_from(LIST, "");
    let ann = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", ann)).expect(201);
    assert_eq!(noted(&app, "account.created"), json!("passed"));
    assert_eq!(asked(&app).len(), 1);
    app
}

/// What the list was asked for.
fn asked(app: &App) -> Vec<String> {
    let requests = app
        .env
        .http
        .take_requests(|it| it.uri().host() == Some(LIST));
    requests
        .iter()
        .map(|request| {
            assert_eq!(request.method(), "GET");
            assert_eq!(request.headers()["add-padding"], "true");
            request.uri().path().to_owned()
        })
        .collect()
}

/// What the newest event of this type says about the check.
fn noted(app: &App, kind: &str) -> Value {
    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    let events = events["events"].as_array().unwrap();
    let newest = events.iter().find(|event| event["type"] == kind).unwrap();
    newest["breach_check"].clone()
}

#[test]
fn a_breached_password_is_refused_and_the_token_stays_good() {
    let app = checking();
    let link = app.recover().link;
    app.env
        .http
        .answer_body_from(LIST, &format!("{REST}:7\r\n"));
    let refused = app.reset(&link, App::NEW_PASSWORD).expect(422);
    assert_eq!(refused.problem(), "password-rejected");
    assert_eq!(refused.json()["errors"][0]["code"], "breached");
    assert_eq!(asked(&app), [RANGE]);

    let _ = app.reset(&link, App::OTHER_PASSWORD).expect(204);
    assert!(app.knows(App::OTHER_PASSWORD));
    assert_eq!(noted(&app, "password.changed"), json!("passed"));
}

#[test]
fn a_list_that_does_not_answer_stops_nobody_and_the_event_says_so() {
    let silence = Err(NoAnswer::TimedOut);
    for answer in [silence, Ok((503, None)), Ok((200, None))] {
        let app = checking();
        let link = app.recover().link;
        app.env
            .http
            .answer_body_from(LIST, "<html>a proxy's</html>");
        app.env.http.answer_from(LIST, answer);
        let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
        assert_eq!(noted(&app, "password.changed"), json!("unavailable"));
        let log = app.env.log.lines().join("\n");
        assert!(log.contains("breach-list-not-asked"), "{log}");
        assert!(!log.contains(&REST[..8]), "{log}");
    }
}

#[test]
fn the_list_is_asked_for_no_password_that_is_refused_anyway_and_for_no_bad_token() {
    let app = checking();
    let link = app.recover().link;
    let _ = app.reset(&link, "12345").expect(422);
    let _ = app.reset("nonsense", App::NEW_PASSWORD).expect(400);
    assert_eq!(asked(&app), Vec::<String>::new());
}

#[test]
fn administrators_are_held_to_it_when_they_type_a_password() {
    let app = checking();
    app.env
        .http
        .answer_body_from(LIST, &format!("{REST}:7\r\n"));
    let typed = json!({"password": App::NEW_PASSWORD});
    let path = "/v1/admin/users/ann/reset-password";
    let refused = app.make(&app.call(path, typed)).expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "breached");
    let account = json!({"email": "bob@example.test", "password": App::NEW_PASSWORD});
    let refused = app.make(&app.call("/v1/admin/users", account)).expect(422);
    assert_eq!(refused.json()["errors"][0]["code"], "breached");
    assert_eq!(asked(&app), [RANGE, RANGE]);
    assert!(app.knows(App::PASSWORD));
    let _ = asked(&app);

    // A generated password is new, so no breach contains it.
    let generated = json!({"generate": true, "return_password": true});
    let _ = app.make(&app.call(path, generated)).expect(200);
    assert_eq!(asked(&app), Vec::<String>::new());
    assert_eq!(noted(&app, "password.changed"), Value::Null);
}

#[test]
fn nobody_is_asked_unless_that_is_switched_on() {
    let app = checking();
    app.env.variables.set("password_breach_check", "off");
    let link = app.recover().link;
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    assert_eq!(asked(&app), Vec::<String>::new());
    assert_eq!(noted(&app, "password.changed"), Value::Null);
}
