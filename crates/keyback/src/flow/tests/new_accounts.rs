//! What the owner of a new account gets.

use serde_json::{Value, json};

use crate::testing::{App, Call, Reply};

fn create(app: &App, body: Value) -> Reply {
    app.make(&app.call("/v1/admin/users", body))
}

fn with(members: Value) -> Value {
    let mut body = json!({"id": "ann", "email": App::EMAIL});
    let Value::Object(members) = members else {
        panic!("{members}")
    };
    body.as_object_mut().unwrap().extend(members);
    body
}

fn account(app: &App) -> Value {
    let found = app.make(&Call::get("/v1/admin/users/ann"));
    found.expect(200).json()
}

fn pointers(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 422, "{reply:?}");
    let errors = reply.json()["errors"].as_array().cloned().unwrap();
    let pointer = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
    errors.iter().map(pointer).collect()
}

#[test]
fn a_generated_password_is_returned_once_and_must_be_changed() {
    let app = App::default();
    let order = with(json!({"generate": true, "return_password": true}));
    let created = create(&app, order).expect(201);
    let password = created.text("password");
    let credential = &created.json()["credential"];
    assert_eq!(credential["must_change"], true);
    assert_eq!(credential["expires_at"], "2026-11-26T09:00:00Z");
    assert_eq!(created.json().get("email_id"), None);
    assert_eq!(account(&app).get("password"), None);
    assert_eq!(app.take_mails(), []);
    let signed_in = app.sign_in(App::EMAIL, &format!(" {password} "));
    let change = &signed_in.expect(200).json()["password_change"];
    assert_eq!(change["reason"], "must-change");
    let token = change["token"].as_str().unwrap();
    let _ = app.reset(token, App::NEW_PASSWORD).expect(204);
    assert!(app.knows(App::NEW_PASSWORD) && !app.knows(&password));
    assert!(!app.env.store.dump().contains(&password));
}

#[test]
fn a_generated_password_is_mailed_and_need_not_be_changed_if_the_caller_says_so() {
    let app = App::default();
    let order = json!({"generate": true, "send_email": true, "change_on_next_sign_in": false});
    let created = create(&app, with(order)).expect(201).json();
    assert_eq!(created.get("password"), None);
    assert_eq!(created["credential"]["must_change"], false);
    assert_eq!(created["credential"]["expires_at"], Value::Null);
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert!(app.knows(&mails[0].password()));
    let email = format!("/v1/admin/emails/{}", created["email_id"].as_str().unwrap());
    let email = app.make(&Call::get(&email)).expect(200).json();
    assert_eq!(email["kind"], "temporary-password");
    assert_eq!(email["state"], "sent");
}

#[test]
fn a_typed_password_may_be_mailed_and_must_be_changed_then() {
    let app = App::default();
    let order = with(json!({"password": App::PASSWORD, "send_email": true}));
    let created = create(&app, order).expect(201).json();
    assert_eq!(created["credential"]["must_change"], true);
    assert_eq!(app.take_mails()[0].password(), App::PASSWORD);
    let app = App::default();
    let silent = with(json!({"password": App::PASSWORD}));
    let created = create(&app, silent).expect(201).json();
    assert_eq!(created["credential"]["must_change"], false);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn a_password_that_nobody_would_know_is_not_generated() {
    let app = App::default();
    let refused = create(&app, with(json!({"generate": true})));
    assert_eq!(refused.problem(), "undeliverable-password");
    assert_eq!(pointers(&refused), ["/generate"]);
    assert_eq!(app.make(&Call::get("/v1/admin/users/ann")).status, 404);
}

#[test]
fn what_excludes_each_other_is_named_and_nothing_is_created() {
    let app = App::default();
    let invite = json!({"deliver": "return"});
    let hash = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";
    let clear = App::PASSWORD;
    for (members, expected) in [
        (
            json!({"password": clear, "password_hash": hash}),
            vec!["/password_hash"],
        ),
        (
            json!({"password": clear, "generate": true, "send_email": true}),
            vec!["/generate"],
        ),
        (
            json!({"password_hash": hash, "generate": true, "send_email": true}),
            vec!["/generate"],
        ),
        (
            json!({"password": clear, "invite": invite}),
            vec!["/invite"],
        ),
        (
            json!({"password_hash": hash, "invite": invite}),
            vec!["/invite"],
        ),
        (
            json!({"generate": true, "return_password": true, "invite": invite}),
            vec!["/invite"],
        ),
        (
            json!({"invite": invite, "send_email": true, "return_password": true}),
            vec!["/send_email", "/return_password"],
        ),
        (
            json!({"invite": invite, "change_on_next_sign_in": true}),
            vec!["/change_on_next_sign_in"],
        ),
        (
            json!({"password_hash": hash, "send_email": true}),
            vec!["/send_email"],
        ),
        (json!({"return_password": true}), vec!["/return_password"]),
        (
            json!({"change_on_next_sign_in": true}),
            vec!["/change_on_next_sign_in"],
        ),
        (json!({"invite": {}}), vec!["/invite/deliver"]),
        (json!({"invite": true}), vec!["/invite"]),
        (json!({"invite": []}), vec!["/invite"]),
        (
            json!({"invite": {"deliver": "pigeon", "expires_in": 299, "code": 1}}),
            vec!["/invite/deliver", "/invite/expires_in", "/invite/code"],
        ),
        (
            json!({"invite": {"deliver": "email", "expires_in": 1_209_601}}),
            vec!["/invite/expires_in"],
        ),
        (json!({"generate": "yes"}), vec!["/generate"]),
    ] {
        let refused = create(&app, with(members.clone()));
        assert_eq!(refused.problem(), "validation-failed", "{members}");
        assert_eq!(pointers(&refused), expected, "{members}");
    }
    assert_eq!(app.make(&Call::get("/v1/admin/users/ann")).status, 404);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn an_import_takes_neither_generated_passwords_nor_invitations() {
    let app = App::default();
    for (name, value) in [
        ("generate", json!(true)),
        ("send_email", json!(true)),
        ("return_password", json!(false)),
        ("invite", json!({"deliver": "email"})),
    ] {
        let line = with(json!({name: value}));
        let imported = app.make(&Call::import(&[line])).expect(200).json();
        assert_eq!(imported["failed"], 1, "{imported}");
        let failure = &imported["failures"][0];
        assert_eq!(failure["pointer"], format!("/{name}"));
        let detail = failure["detail"].as_str().unwrap();
        assert!(detail.contains("cannot be imported"), "{detail}");
    }
}
