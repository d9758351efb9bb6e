//! Right passwords that are known from a breach.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::ports::NoAnswer;
use crate::testing::{App, Call, block_on};

const LIST: &str = "api.pwnedpasswords.com";
/// The SHA-1 by `printf 'staple horse violet crane' | sha1sum`: its first five digits, and the others.
const RANGE: &str = "/range/FBF60";
const REST: &str = "68DD3F58630299FE74E153290D5C3EA8C6D";

/// The account `ann`, whose password turns up in a breach after it was set.
fn with_ann() -> App {
    let app = App::default();
    let ann = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", ann)).expect(201);
    app.env.variables.set("password_breach_check", "on");
    app.env
        .http
        .answer_body_from(LIST, &format!("{REST}:7\r\n"));
    app
}

fn asked(app: &App) -> Vec<String> {
    let is_ours = |it: &::http::Request<Vec<u8>>| it.uri().host() == Some(LIST);
    let requests = app.env.http.take_requests(is_ours);
    let paths = requests.iter().map(|it| it.uri().path().to_owned());
    paths.collect()
}

#[track_caller]
fn signs_in(app: &App) -> Value {
    app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json()
}

fn account(app: &App) -> Value {
    app.make(&Call::get("/v1/admin/users/ann"))
        .expect(200)
        .json()
}

fn events(app: &App) -> Vec<Value> {
    let events = app.make(&Call::get("/v1/admin/users/ann/events")).json();
    events["events"].as_array().unwrap().clone()
}

#[test]
fn the_next_sign_in_asks_for_a_change_and_this_one_is_as_ever() {
    let app = with_ann();
    let first = signs_in(&app);
    assert_eq!(first["password_change"], Value::Null);
    assert_eq!(asked(&app), [RANGE]);
    let found = account(&app);
    assert_eq!(found["credential"]["must_change"], true);
    assert_eq!(found["credential"]["expires_at"], Value::Null);
    // The new session goes on.
    assert_eq!(found["credential_epoch"], first["credential_epoch"]);
    let second = signs_in(&app);
    assert_eq!(second["password_change"]["reason"], "must-change");
    let token = second["password_change"]["token"].as_str().unwrap();
    let same = app.reset(token, App::PASSWORD).expect(422).json();
    assert_eq!(same["errors"][0]["code"], "same-as-current");
    let _ = app.reset(token, App::NEW_PASSWORD).expect(204);
    let events = events(&app);
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    for kind in ["password.breached", "password.change_required"] {
        assert_eq!(of(kind)["actor"], json!({"kind": "system"}));
        assert_eq!(
            of(kind)["reason"],
            "the password is known from a data breach"
        );
    }
}

#[test]
fn the_list_is_asked_once_a_day_for_an_account() {
    let app = with_ann();
    app.env.http.answer_body_from(LIST, "");
    for _ in 0..3 {
        let _ = signs_in(&app);
    }
    assert_eq!(asked(&app), [RANGE]);
    // 2026-11-24T00:00:00Z
    app.advance(15 * 3_600);
    for _ in 0..3 {
        let _ = signs_in(&app);
    }
    assert_eq!(asked(&app), [RANGE]);
    assert_eq!(account(&app)["credential"]["must_change"], false);
}

#[test]
fn a_wrong_password_or_one_to_be_changed_anyway_is_no_question() {
    let app = with_ann();
    let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    let _ = app.sign_in(App::NOBODY, App::PASSWORD).expect(401);
    let order = json!({"required": true});
    let path = "/v1/admin/users/ann/password-change";
    let _ = app.make(&app.call(path, order).by("PUT")).expect(204);
    let _ = signs_in(&app);
    assert_eq!(asked(&app), Vec::<String>::new());
}

#[test]
fn a_list_that_does_not_answer_stops_nobody_and_is_not_asked_again_that_day() {
    for answer in [Err(NoAnswer::TimedOut), Ok((503, None))] {
        let app = with_ann();
        app.env.http.answer_from(LIST, answer);
        let _ = signs_in(&app);
        let _ = signs_in(&app);
        assert_eq!(asked(&app).len(), 1);
        assert_eq!(account(&app)["credential"]["must_change"], false);
        let log = app.env.log.lines().join("\n");
        assert!(log.contains("breach-list-not-asked"), "{log}");
        assert!(!log.contains(&REST[..8]), "{log}");
    }
}

#[test]
fn the_answer_waits_for_no_list_and_nothing_is_kept_of_the_password() {
    let app = with_ann();
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let (reply, deferred) = app.answer(&app.call("/v1/sign-in", body));
    let _ = reply.expect(200);
    assert_eq!(asked(&app), Vec::<String>::new());
    assert!(!format!("{deferred:?}").contains(App::PASSWORD));
    block_on(after_response::tidy(&app.env, deferred));
    assert_eq!(asked(&app), [RANGE]);
    let dump = app.env.store.dump();
    assert!(!dump.contains(App::PASSWORD) && !dump.contains(&REST[..8]));
}

/// Signs in, runs `decide` before the list is asked, and returns the account afterwards.
fn decided_meanwhile(decide: impl FnOnce(&App)) -> (App, Value) {
    let app = with_ann();
    let body = json!({"email": App::EMAIL, "password": App::PASSWORD});
    let (_, deferred) = app.answer(&app.call("/v1/sign-in", body));
    decide(&app);
    block_on(after_response::tidy(&app.env, deferred));
    let noted = events(&app);
    let is_breach = |event: &&Value| event["type"] == "password.breached";
    assert_eq!(noted.iter().find(is_breach), None);
    let found = account(&app);
    (app, found)
}

#[test]
fn whatever_was_decided_meanwhile_stays() {
    let path = "/v1/admin/users/ann/password-change";
    let required = |app: &App, required: bool| {
        let call = app.call(path, json!({"required": required}));
        let _ = app.make(&call.by("PUT")).expect(204);
    };
    let (app, found) = decided_meanwhile(|app| {
        let link = app.recover().link;
        let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    });
    assert_eq!(found["credential"]["must_change"], false);
    assert!(app.knows(App::NEW_PASSWORD));
    let (_, found) = decided_meanwhile(|app| {
        required(app, true);
        required(app, false);
    });
    assert_eq!(found["credential"]["must_change"], false);
    let (_, found) = decided_meanwhile(|app| {
        let disable = app.call("/v1/admin/users/ann", json!({"disabled": true}));
        let _ = app.make(&disable.by("PATCH")).expect(200);
    });
    assert_eq!(found["disabled"], true);
    assert_eq!(found["credential"]["must_change"], false);
}

#[test]
fn the_portal_is_told() {
    let app = with_ann();
    app.env
        .variables
        .set("webhook_url", "https://portal.example.test/hooks");
    app.env.variables.set(
        "webhook_secret",
        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    );
    let _ = signs_in(&app);
    app.advance(61);
    let _ = app.run_courier();
    let told = app.take_webhooks();
    let told = told
        .iter()
        .map(|it| String::from_utf8_lossy(it.body()).into_owned());
    let told: Vec<_> = told.collect();
    for kind in ["password.breached", "password.change_required"] {
        assert!(told.iter().any(|it| it.contains(kind)), "{told:?}");
    }
}

#[test]
fn what_is_counted_goes_when_the_day_is_over() {
    let app = with_ann();
    app.env.http.answer_body_from(LIST, "");
    let fresh = app.fork();
    let _ = signs_in(&app);
    for app in [&app, &fresh] {
        for _ in 0..3 {
            app.advance(86_400);
            let _ = app.run_courier();
        }
    }
    assert_eq!(app.left_over(&fresh), Vec::<String>::new());
}

#[test]
fn switched_off_it_costs_nothing_and_switched_on_once_a_day_a_count_and_its_deletion() {
    let app = with_ann();
    app.env.http.answer_body_from(LIST, "");
    let changing = |app: &App| {
        let _ = app.env.store.take_operations();
        let _ = signs_in(app);
        let seen = app.env.store.take_operations();
        let is_read = |it: &&String| it.starts_with("get ") || it.starts_with("exists ");
        seen.len() - seen.iter().filter(is_read).count()
    };
    // Apart from the call that creates the client's counter.
    let off = app.fork();
    off.env.variables.set("password_breach_check", "off");
    let _ = changing(&off);
    let usual = changing(&off);
    let on = app.fork();
    on.env.variables.set("password_breach_check", "off");
    let _ = changing(&on);
    on.env.variables.set("password_breach_check", "on");
    assert_eq!(changing(&on), usual + 3);
    assert_eq!(changing(&on), usual);
    assert_eq!(asked(&on).len(), 1);
}
