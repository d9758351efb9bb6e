//! Answers that must be indistinguishable are: the same bytes, except for random values, after the same operations on
//! the store.

mod after;
mod tokens;

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::ports::KeyValue as _;
use crate::store::{accounts, keys};
use crate::testing::{App, Call, Reply, block_on, other_than};

/// A call's answer and the operations before it, on a copy of the app.
fn seen(app: &App, path: &str, body: Value) -> (Reply, Vec<String>) {
    let app = app.fork();
    let call: Call = app.call(path, body);
    let (reply, _) = app.answer(&call);
    (reply.without_ids(), app.env.store.take_operations())
}

/// Disables the account at [`App::EMAIL`], as an administrator would.
fn disable(app: &App) {
    let email = EmailAddress::parse(App::EMAIL).unwrap();
    let store = &app.env.store;
    let account = block_on(accounts::find_by_email(store, &email)).unwrap();
    let path = format!("/v1/admin/users/{}", account.unwrap().id);
    let call = app.call(&path, json!({"disabled": true})).by("PATCH");
    let _ = app.make(&call).expect(200);
}

#[track_caller]
fn assert_alike(seen: &[(&str, (Reply, Vec<String>))]) {
    let (first_name, first) = &seen[0];
    for (name, other) in seen {
        assert_eq!(other, first, "{name} and {first_name}");
    }
}

#[test]
fn forgot_password_known_unknown_and_disabled() {
    let known = App::with_account();
    let disabled = known.fork();
    disable(&disabled);
    let within_cooldown = known.fork();
    let _ = within_cooldown.recover();
    let forgot = |app: &App, email| seen(app, "/v1/forgot-password", json!({"email": email}));
    let first = known.fork();
    let _ = first.forgot(App::NOBODY);
    assert_alike(&[
        ("known", forgot(&known, App::EMAIL)),
        ("unknown", forgot(&known, App::NOBODY)),
        ("disabled", forgot(&disabled, App::EMAIL)),
        ("within the cooldown", forgot(&within_cooldown, App::EMAIL)),
    ]);
}

/// The operations, without their keys, by which a request is processed after its answer, on a copy of the app.
fn work_after_forgot(app: &App, email: &str) -> Vec<String> {
    let app = app.fork();
    let (_, deferred) = app.answer(&app.call("/v1/forgot-password", json!({"email": email})));
    let _ = app.env.store.take_operations();
    block_on(after_response::run(&app.env, deferred));
    let operations = app.env.store.take_operations();
    let name = |operation: &String| operation.split(' ').next().unwrap().to_owned();
    operations.iter().map(name).collect()
}

#[test]
fn the_work_after_forgot_password_changes_as_much_for_anybody_and_with_a_receiver_of_events() {
    let known = App::with_account();
    // The first call of a minute also looks for other work.
    let _ = known.forgot(App::NOBODY);
    for receiver in ["", "https://portal.example.test/hooks"] {
        known.env.variables.set("webhook_url", receiver);
        known.env.variables.set(
            "webhook_secret",
            "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==",
        );
        let disabled = known.fork();
        disable(&disabled);
        let within_cooldown = known.fork();
        let _ = within_cooldown.recover();
        let changes = |app: &App, email: &str| {
            let mut operations = work_after_forgot(app, email);
            operations.retain(|name| !["get", "exists"].contains(&name.as_str()));
            operations
        };
        let unknown = changes(&known, App::NOBODY);
        assert_eq!(changes(&known, App::EMAIL), unknown, "known {receiver}");
        assert_eq!(
            changes(&disabled, App::EMAIL),
            unknown,
            "disabled {receiver}"
        );
        assert_eq!(
            changes(&within_cooldown, App::EMAIL),
            unknown,
            "cooling down {receiver}"
        );
    }
}

/// The changing operations, without their keys, by which requests that arrive at once are processed after their answers,
/// on a copy of the app.
fn changes_after_requests_at_once(app: &App, email: &str) -> Vec<String> {
    let app = app.fork();
    let call = app.call("/v1/forgot-password", json!({"email": email}));
    let requests: Vec<_> = (0..5).map(|_| app.answer(&call)).collect();
    let _ = app.env.store.take_operations();
    let work = requests
        .into_iter()
        .map(|(_, deferred)| after_response::run(&app.env, deferred));
    let _ = block_on(futures::future::join_all(work));
    let operations = app.env.store.take_operations();
    let names = operations
        .iter()
        .map(|operation| operation.split(' ').next().unwrap().to_owned());
    let mut changes: Vec<String> = names
        .filter(|name| !["get", "exists"].contains(&name.as_str()))
        .collect();
    changes.sort_unstable();
    changes
}

#[test]
fn requests_at_once_for_one_address_change_as_much_for_anybody() {
    let known = App::with_account();
    // The first call of a minute also looks for other work.
    let _ = known.forgot("another@example.test");
    let disabled = known.fork();
    disable(&disabled);
    let within_cooldown = known.fork();
    let _ = within_cooldown.recover();
    let unknown = changes_after_requests_at_once(&known, App::NOBODY);
    for (name, app) in [
        ("known", &known),
        ("disabled", &disabled),
        ("cooling down", &within_cooldown),
    ] {
        let changes = changes_after_requests_at_once(app, App::EMAIL);
        assert_eq!(changes, unknown, "{name}");
    }
}

#[test]
fn verify_otp_unknown_wrong_expired_used_replaced_cancelled_exhausted_and_disabled() {
    let app = App::with_account();
    let recovery = app.recover();
    let verify = |app: &App, id: &str, code: &str| {
        seen(
            app,
            "/v1/verify-otp",
            json!({"challenge_id": id, "code": code}),
        )
    };
    let (id, code) = (&recovery.challenge_id, &recovery.code);
    let wrong = &other_than(code);
    let after = |change: &dyn Fn(&App)| {
        let app = app.fork();
        // The client's count is then the same in all cases.
        let _ = app.verify("unknown", "0");
        change(&app);
        verify(&app, id, code)
    };
    let counted = app.fork();
    let _ = counted.verify("unknown", "0");
    assert_alike(&[
        ("unknown", verify(&counted, "unknown", code)),
        ("no id at all", verify(&counted, "", code)),
        ("wrong", verify(&counted, id, wrong)),
        ("expired", after(&|app| app.advance(600))),
        ("used", after(&|app| drop(app.verify(id, code)))),
        (
            "used by the link",
            after(&|app| drop(app.reset(&recovery.link, App::NEW_PASSWORD))),
        ),
        (
            "cancelled",
            after(&|app| drop(app.cancel(&recovery.cancel))),
        ),
        ("disabled", after(&disable)),
        (
            "exhausted",
            after(&|app| {
                for _ in 0..5 {
                    let _ = app.verify(id, wrong);
                }
            }),
        ),
        (
            "replaced",
            after(&|app| {
                app.advance(60);
                let _ = app.recover();
            }),
        ),
    ]);
}

#[test]
fn verify_otp_by_an_address_that_is_unknown_without_a_code_or_with_another_one() {
    let app = App::with_account();
    let _ = app.verify("unknown", "0");
    let verify = |app: &App, email: &str, code: &str| {
        let body = json!({"email": email, "code": code});
        seen(app, "/v1/verify-otp", body)
    };
    let asked = app.fork();
    let recovery = asked.recover();
    let code = &*recovery.code;
    let after = |change: &dyn Fn(&App)| {
        let app = asked.fork();
        change(&app);
        verify(&app, App::EMAIL, code)
    };
    let unknown = verify(&app, App::NOBODY, code);
    let by_id = seen(
        &app,
        "/v1/verify-otp",
        json!({"challenge_id": "unknown", "code": code}),
    );
    assert_eq!(
        by_id.0, unknown.0,
        "the answer is that to an unknown request"
    );
    assert_alike(&[
        ("unknown", unknown),
        ("no code", verify(&app, App::EMAIL, code)),
        ("wrong", verify(&asked, App::EMAIL, &other_than(code))),
        ("used", after(&|app| drop(app.verify_for(App::EMAIL, code)))),
        (
            "cancelled",
            after(&|app| drop(app.cancel(&recovery.cancel))),
        ),
        ("disabled", after(&disable)),
        (
            "exhausted",
            after(&|app| {
                for _ in 0..5 {
                    let _ = app.verify_for(App::EMAIL, "none");
                }
            }),
        ),
    ]);
}

#[test]
fn sign_in_unknown_wrong_disabled_and_without_a_password() {
    let app = App::with_account();
    let disabled = app.fork();
    disable(&disabled);
    let _ = app.make(&app.call("/v1/admin/users", json!({"email": "bob@example.test"})));
    let sign_in = |app: &App, email: &str, password: &str| {
        seen(
            app,
            "/v1/sign-in",
            json!({"email": email, "password": password}),
        )
    };
    assert_alike(&[
        ("unknown", sign_in(&app, App::NOBODY, App::PASSWORD)),
        ("wrong", sign_in(&app, App::EMAIL, App::NEW_PASSWORD)),
        ("disabled", sign_in(&disabled, App::EMAIL, App::PASSWORD)),
        (
            "no password",
            sign_in(&app, "bob@example.test", App::PASSWORD),
        ),
    ]);
    let by_id = |id: &str| seen(&app, "/v1/sign-in", json!({"user_id": id, "password": "x"}));
    let account = app.sign_in(App::EMAIL, App::PASSWORD).text("user_id");
    assert_alike(&[("unknown", by_id("nobody")), ("wrong", by_id(&account))]);
}

#[test]
fn change_password_unknown_wrong_disabled_and_without_a_password() {
    let app = App::default();
    for (id, email, password) in [
        ("ann", App::EMAIL, json!(App::PASSWORD)),
        ("bob", "bob@example.test", Value::Null),
    ] {
        let body = json!({"id": id, "email": email, "password": password});
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    }
    let disabled = app.fork();
    let disable = app.call("/v1/admin/users/ann", json!({"disabled": true}));
    let _ = disabled.make(&disable.by("PATCH")).expect(200);
    let change = |app: &App, id: &str, password: &str| {
        let body = json!({"user_id": id, "current_password": password});
        let mut body = body;
        body["new_password"] = json!(App::NEW_PASSWORD);
        seen(app, "/v1/change-password", body)
    };
    assert_alike(&[
        ("unknown", change(&app, "eve", App::PASSWORD)),
        ("wrong", change(&app, "ann", App::OTHER_PASSWORD)),
        ("disabled", change(&disabled, "ann", App::PASSWORD)),
        ("without", change(&app, "bob", App::PASSWORD)),
    ]);
}

#[test]
fn an_account_without_a_password_recovers_like_any_other() {
    let app = App::default();
    let _ = app.make(&app.call("/v1/admin/users", json!({"email": App::EMAIL})));
    let recovery = app.recover();
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn a_disabled_account_neither_recovers_nor_uses_what_it_was_mailed_before() {
    let app = App::with_account();
    let recovery = app.recover();
    let token = app.fork().verify(&recovery.challenge_id, &recovery.code);
    disable(&app);
    assert_eq!(
        app.verify(&recovery.challenge_id, &recovery.code).status,
        400
    );
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 400);
    assert_eq!(
        app.reset(&token.text("reset_token"), App::NEW_PASSWORD)
            .status,
        400
    );
    app.advance(60);
    assert_eq!(app.forgot(App::EMAIL).status, 202);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn requests_without_an_account_move_their_counter_up_and_down_so_it_never_overflows() {
    let app = App::with_account();
    for _ in 0..15 {
        let _ = app.forgot("nobody@example.test").expect(202);
    }
    let nobody = Account::placeholder(EmailAddress::parse(App::EMAIL).unwrap());
    let counter = keys::attempts(&nobody.id, 0);
    let stands = block_on(app.env.store.increment(&counter, 0)).unwrap();
    assert!(stands.abs() < 15 << 32, "{stands}");
}
