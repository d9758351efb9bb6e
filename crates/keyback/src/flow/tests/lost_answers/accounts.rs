//! Administrators' calls.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{at_every_lost_answer, come_back_later, events, take_different_mails, with_ann};
use crate::testing::{App, Call};

const ANN: &str = "/v1/admin/users/ann";

/// The accounts that there are.
fn accounts(app: &App) -> usize {
    let page = app
        .make(&Call::get("/v1/admin/users?limit=100"))
        .expect(200)
        .json();
    page["users"].as_array().unwrap().len()
}

#[test]
fn an_account_is_created_once_and_creating_it_again_says_so() {
    for id in [json!("ann"), Value::Null] {
        let app = App::default();
        let mut body = json!({"email": App::EMAIL, "password": App::PASSWORD});
        if !id.is_null() {
            body["id"] = id.clone();
        }
        let call = app.call("/v1/admin/users", body);
        let _ = at_every_lost_answer(&app, &call, |app, reply| {
            assert!([201, 503].contains(&reply.status), "{reply:?}");
            assert!(app.knows(App::PASSWORD) || reply.status == 503);
            let was_created = app.knows(App::PASSWORD);
            let again = app.make(&call).status;
            assert_eq!(again, if was_created { 409 } else { 201 });
            assert_eq!(accounts(app), 1);
            assert!(app.knows(App::PASSWORD));
            if !id.is_null() {
                assert_eq!(events(app, "account.created"), 1);
            }
        });
    }
}

#[test]
fn an_import_creates_each_account_once() {
    let app = App::default();
    let lines = ["ann", "bob", "cid"].map(
        |id| json!({"id": id, "email": format!("{id}@example.test"), "password": App::PASSWORD}),
    );
    let call = Call::import(&lines);
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        if reply.status == 200 {
            assert_eq!(reply.json()["created"], 3, "{reply:?}");
        }
        let again = app.make(&call).expect(200).json();
        assert_eq!(again["failed"], 0, "{again}");
        assert_eq!(accounts(app), 3);
        assert!(app.knows(App::PASSWORD));
        assert_eq!(events(app, "account.created"), 1);
    });
}

#[test]
fn a_change_of_address_is_made_and_told_once() {
    let app = with_ann();
    let moved = "moved@example.test";
    let call = app
        .call(ANN, json!({"email": moved, "disabled": true}))
        .by("PATCH");
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        let again = app.make(&call).expect(200).json();
        assert_eq!(
            [&again["email"], &again["disabled"]],
            [&json!(moved), &json!(true)]
        );
        come_back_later(app);
        assert_eq!(events(app, "email.changed"), 1);
        assert_eq!(events(app, "account.disabled"), 1);
        assert_eq!(take_different_mails(app).len(), 1);
        // The old address is free again.
        let _ = app.create_account(App::EMAIL).expect(201);
    });
}

#[test]
fn a_deletion_can_be_repeated_is_told_once_and_leaves_nothing() {
    let app = with_ann();
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set(
        "webhook_secret",
        "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==",
    );
    let call = app.call(ANN, Value::Null).by("DELETE");
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let again = app.make(&call).status;
        assert!(
            again == 404 || again == 204 && reply.status == 503,
            "{again}"
        );
        assert_eq!(events(app, "account.deleted"), 1);
        come_back_later(app);
        let told = app.take_webhooks();
        let ids: BTreeSet<_> = told.iter().map(|it| &it.headers()["webhook-id"]).collect();
        assert_eq!(ids.len(), 1, "{told:?}");
        assert_eq!(app.make(&Call::get(ANN)).status, 404);
        let _ = app.create_account(App::EMAIL).expect(201);
        let names = app.env.store.names();
        assert!(!names.contains(&"v1:account:ann".to_owned()));
    });
}

#[test]
fn an_administrators_reset_can_be_repeated_and_the_latest_password_works() {
    let app = with_ann();
    let body = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
    let call = app.call(&format!("{ANN}/reset-password"), body);
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        let changed = app.knows(App::NEW_PASSWORD);
        assert_ne!(changed, app.knows(App::PASSWORD), "one of them works");
        assert!(changed || reply.status == 503);
        let told = app.fork();
        come_back_later(&told);
        assert_eq!(take_different_mails(&told), vec![false; changed.into()]);
        assert_eq!(events(&told, "password.changed"), usize::from(changed));
        let _ = app.make(&call).expect(200);
        assert!(app.knows(App::NEW_PASSWORD));
    });
}

#[test]
fn a_temporary_password_that_arrives_works_until_the_next() {
    let app = with_ann();
    let body = json!({"generate": true, "send_email": true});
    let call = app.call(&format!("{ANN}/reset-password"), body);
    let the_latest_works = |app: &App| {
        come_back_later(app);
        let latest = app.take_mails().pop();
        let Some(mail) = latest else {
            return app.knows(App::PASSWORD);
        };
        // The password is on a line of its own.
        let mut lines = mail.text.lines().map(str::trim);
        lines.any(|line| !line.is_empty() && app.knows(line))
    };
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([200, 503].contains(&reply.status), "{reply:?}");
        assert!(the_latest_works(&app.fork()), "{reply:?}");
        let _ = app.make(&call).expect(200);
        assert!(the_latest_works(app));
        assert!(!app.knows(App::PASSWORD));
    });
}

#[test]
fn a_change_is_required_once() {
    let app = with_ann();
    let path = format!("{ANN}/password-change");
    let call = app.call(&path, json!({"required": true})).by("PUT");
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!(reply.status < 300 || reply.status == 503, "{reply:?}");
        let again = app.make(&call).status;
        assert!(again < 300, "{again}");
        assert_eq!(events(app, "password.change_required"), 1);
        let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
        assert!(signed_in["password_change"]["token"].is_string());
    });
}

#[test]
fn a_recovery_that_was_started_again_works() {
    let app = with_ann();
    let path = format!("{ANN}/recovery");
    for deliver in ["email", "return"] {
        let call = app.call(&path, json!({"deliver": deliver}));
        let _ = at_every_lost_answer(&app, &call, |app, reply| {
            assert!(reply.status < 300 || reply.status == 503, "{reply:?}");
            let again = app.make(&call);
            assert!(again.status < 300, "{again:?}");
            come_back_later(app);
            let link = if deliver == "email" {
                app.take_mails().pop().unwrap().link()
            } else {
                let link = again.text("link");
                let token = link.split_once('#').map(|it| it.1);
                token.unwrap_or(&link).to_owned()
            };
            let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
        });
    }
}
