//! Signing in.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::flow::passwords::authenticate;
use crate::model::email_address::EmailAddress;
use crate::model::keyring::Keyring;
use crate::ports::{Clock as _, Env as _};
use crate::settings;
use crate::store::cx::Cx;
use crate::store::{accounts, limiter};
use crate::testing::{App, Call, block_on};

fn create(app: &App, more: &[(&str, Value)]) {
    let mut body = json!({"email": App::EMAIL, "id": "ann"});
    for (name, value) in more {
        body[name] = value.clone();
    }
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
}

#[test]
fn a_right_password_tells_who_and_the_epoch() {
    let app = App::default();
    create(&app, &[("password", json!(App::PASSWORD))]);
    let by_email = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    assert_eq!(by_email.json()["user_id"], "ann");
    assert_eq!(by_email.json()["password_change"], Value::Null);
    let by_id = app.make(&app.call(
        "/v1/sign-in",
        json!({"user_id": "ann", "password": App::PASSWORD}),
    ));
    assert_eq!(by_id.json(), by_email.json());
}

#[test]
fn a_password_that_must_change_brings_a_token_that_changes_it() {
    let app = App::default();
    create(
        &app,
        &[
            ("password", json!(App::PASSWORD)),
            ("change_on_next_sign_in", json!(true)),
        ],
    );
    let reply = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    let change = &reply["password_change"];
    assert_eq!(change["reason"], "must-change");
    assert_eq!(change["expires_in"], 600);
    let token = change["token"].as_str().unwrap();
    let late = app.fork();
    late.advance(600);
    assert_eq!(late.reset(token, App::NEW_PASSWORD).status, 400);
    assert_eq!(app.reset(token, App::NEW_PASSWORD).status, 204);
    let after = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(200);
    assert_eq!(after.json()["password_change"], Value::Null);
}

#[test]
fn a_password_that_must_change_is_not_its_own_successor() {
    const TEMPORARY: &str = "pässwort horse violet crane";
    let app = App::default();
    create(&app, &[]);
    let order = json!({"password": TEMPORARY});
    let path = "/v1/admin/users/ann/reset-password";
    let _ = app.make(&app.call(path, order)).expect(200);
    let signed_in = app.sign_in(App::EMAIL, TEMPORARY).expect(200).json();
    let token = signed_in["password_change"]["token"].as_str().unwrap();
    // It is also accepted in another normal form, and with blanks around it.
    let spaced = format!(" {TEMPORARY} ");
    for same in [TEMPORARY, "pa\u{308}sswort horse violet crane", &spaced] {
        let refused = app.reset(token, same).expect(422);
        assert_eq!(refused.problem(), "password-rejected");
        assert_eq!(refused.json()["errors"][0]["code"], "same-as-current");
    }
    let _ = app.reset(token, App::NEW_PASSWORD).expect(204);
    assert!(app.knows(App::NEW_PASSWORD));
}

#[test]
fn a_wrong_password_says_no_more_than_an_unknown_address() {
    let app = App::with_account();
    let wrong = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    let unknown = app.sign_in(App::NOBODY, App::PASSWORD);
    assert_eq!(wrong.without_ids(), unknown.without_ids());
}

#[test]
fn a_temporary_password_that_has_expired_is_refused_with_a_reason_of_its_own() {
    let app = App::default();
    create(&app, &[]);
    let order = json!({"password": App::PASSWORD, "expires_in": 300});
    let path = "/v1/admin/users/ann/reset-password";
    let _ = app.make(&app.call(path, order)).expect(200);
    app.advance(299);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    app.advance(1);
    let refused = app.sign_in(App::EMAIL, App::PASSWORD).expect(401);
    assert_eq!(refused.problem(), "password-expired");
    // Any number of times: it is no wrong guess.
    app.env.variables.set("limit_client_sign_in", "1000/60");
    for _ in 0..110 {
        let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(401);
    }
    // Only a caller who knows the password learns that it is right.
    let wrong = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    assert_eq!(wrong.problem(), "invalid-credentials");
    // A recovery is the way out.
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(200);
}

#[test]
fn a_temporary_password_of_the_default_lives_72_hours() {
    let app = App::default();
    create(&app, &[]);
    let path = "/v1/admin/users/ann/reset-password";
    let _ = app
        .make(&app.call(path, json!({"password": App::PASSWORD})))
        .expect(200);
    app.advance(72 * 3_600 - 1);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    app.advance(1);
    let refused = app.sign_in(App::EMAIL, App::PASSWORD).expect(401);
    assert_eq!(refused.problem(), "password-expired");
}

#[test]
fn a_temporary_password_expires_however_it_was_given() {
    let app = App::default();
    let hash = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";
    let account = |name: &str, more: (&str, &str), must_change: bool| {
        json!({
            "email": format!("{name}@example.test"),
            more.0: more.1,
            "change_on_next_sign_in": must_change,
        })
    };
    let temporary = account("temporary", ("password", App::PASSWORD), true);
    let own = account("own", ("password", App::PASSWORD), false);
    let hashed = account("hashed", ("password_hash", hash), true);
    for body in [&temporary, &own] {
        let _ = app
            .make(&app.call("/v1/admin/users", body.clone()))
            .expect(201);
    }
    let mut line = temporary.clone();
    line["email"] = json!("imported@example.test");
    let _ = app.make(&Call::import(&[line, hashed])).expect(200);
    app.advance(72 * 3_600 - 1);
    for name in ["temporary", "imported", "own", "hashed"] {
        let email = format!("{name}@example.test");
        let _ = app.sign_in(&email, App::PASSWORD).expect(200);
    }
    app.advance(1);
    for (name, status) in [
        ("temporary", 401),
        ("imported", 401),
        // The user's own password, even if it must be changed.
        ("own", 200),
        ("hashed", 200),
    ] {
        let email = format!("{name}@example.test");
        let _ = app.sign_in(&email, App::PASSWORD).expect(status);
    }
}

/// Counts `wrong` wrong passwords as if each came from another network. Only the last is a call, by the client.
pub(super) fn use_up(app: &App, email: &str, wrong: i64) {
    let keyring: Keyring = block_on(settings::load(&app.env.variables)).unwrap();
    let email = EmailAddress::parse(email).unwrap();
    let found = block_on(accounts::find_by_email(&app.env.store, &email)).unwrap();
    let subject = found.map_or(email.as_str().to_owned(), |it| it.sign_in_subject());
    for _ in 1..wrong {
        let mut cx = block_on(Cx::new(&app.env));
        let named = authenticate::ACCOUNT_LIMIT;
        let counted = limiter::count_subject(&mut cx, &keyring, named, subject.as_bytes());
        let _ = block_on(counted).unwrap();
        block_on(after_response::tidy(&app.env, cx.deferred));
    }
    let _ = app.sign_in(email.as_str(), App::NEW_PASSWORD).expect(401);
}

#[test]
fn a_network_that_guesses_locks_itself_out_and_not_the_owner_on_another() {
    let app = App::with_account();
    for email in [App::EMAIL, App::NOBODY] {
        app.come_from("203.0.113.9:1");
        for number in 0..100 {
            if number == 50 {
                app.advance(60);
            }
            let _ = app.sign_in(email, App::NEW_PASSWORD).expect(401);
        }
        app.advance(60);
        let _ = app.sign_in(email, App::NEW_PASSWORD).expect(429);
        app.come_from("198.51.100.7:1");
        let _ = app.sign_in(email, App::NEW_PASSWORD).expect(401);
    }
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    app.come_from("203.0.113.9:1");
    let refused = app.sign_in(App::EMAIL, App::PASSWORD).expect(429);
    assert_eq!(refused.problem(), "rate-limited");
}

#[test]
fn all_networks_together_have_a_limit_that_does_not_tell_whether_there_is_an_account() {
    let app = App::with_account();
    for email in [App::EMAIL, App::NOBODY] {
        use_up(&app, email, 999);
        let _ = app.sign_in(email, App::NEW_PASSWORD).expect(401);
        let refused = app.sign_in(email, App::NEW_PASSWORD).expect(429);
        assert_eq!(refused.header("retry-after"), "3600");
    }
}

#[test]
fn guessing_does_not_lock_the_owner_out_for_good() {
    let locked = || {
        let app = App::with_account();
        use_up(&app, App::EMAIL, 1_000);
        let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(429);
        app
    };
    // An hour later at the latest,
    let app = locked();
    app.advance(3_600);
    assert!(app.knows(App::PASSWORD));
    // and at once with a recovery.
    let app = locked();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    assert!(app.knows(App::NEW_PASSWORD));
}

/// How long each refusal takes, by a clock that only waiting moves: wrong, unknown, disabled and without a password.
fn refusals(app: &App) -> [u64; 4] {
    for (id, more) in [("dis", json!(App::PASSWORD)), ("none", Value::Null)] {
        let mut body = json!({"id": id, "email": format!("{id}@example.test")});
        if more.is_string() {
            body["password"] = more;
        }
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    }
    let disable = app.call("/v1/admin/users/dis", json!({"disabled": true}));
    let _ = app.make(&disable.by("PATCH")).expect(200);
    [
        App::EMAIL,
        App::NOBODY,
        "dis@example.test",
        "none@example.test",
    ]
    .map(|email| {
        let began = app.env.clock().now();
        let wrong = app.sign_in(email, App::OTHER_PASSWORD);
        assert_eq!(wrong.status, 401, "{email}");
        app.env.clock().now().since(began).as_secs()
    })
}

#[test]
fn where_hashes_came_from_elsewhere_every_refusal_takes_as_long_as_the_slowest_needs() {
    let own = App::default();
    create(&own, &[("password", json!(App::PASSWORD))]);
    assert_eq!(refusals(&own), [0; 4]);

    // Four times as long as one verification may take: in both normal forms, on a machine that is half as fast.
    for (cost, seconds) in [("10", 1), ("14", 4)] {
        let foreign = App::default();
        let salt_and_output = "cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW";
        let hash = format!("$2b${cost}${salt_and_output}");
        let body = json!({"email": "slow@example.test", "password_hash": hash});
        let _ = foreign
            .make(&foreign.call("/v1/admin/users", body))
            .expect(201);
        create(&foreign, &[("password", json!(App::PASSWORD))]);
        assert_eq!(refusals(&foreign), [seconds; 4], "{cost}");
    }
    // The slowest counts, whichever came last; a mark of an earlier version counts as that.
    let foreign = App::default();
    let hash = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";
    create(&foreign, &[("password_hash", json!(hash))]);
    assert_eq!(refusals(&foreign), [1; 4]);
    // A right password is answered without waiting, also after it was hashed anew.
    let began = foreign.env.clock().now();
    assert!(foreign.knows(App::PASSWORD) && foreign.knows(App::PASSWORD));
    assert_eq!(foreign.env.clock().now(), began);
}

#[test]
fn a_password_that_somebody_else_chose_is_taken_with_blanks_around_it() {
    let app = App::default();
    let account = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", account)).expect(201);
    let reset = |body: Value| {
        let reply = app.make(&app.call("/v1/admin/users/ann/reset-password", body));
        reply.expect(200)
    };
    let generated = reset(json!({"generate": true, "return_password": true})).text("password");
    let around = |password: &str| {
        [
            format!("{password}\n"),
            format!("  {password}"),
            format!("\t{password}\r\n"),
            format!("\u{a0}{password}\u{200b}"),
        ]
    };
    for copied in around(&generated) {
        let signed_in = app.sign_in(App::EMAIL, &copied).expect(200).json();
        let token = signed_in["password_change"]["token"]
            .as_str()
            .unwrap()
            .to_owned();
        // It is the password that must be changed, with or without blanks.
        assert_eq!(app.reset(&token, &generated).problem(), "password-rejected");
    }
    assert!(!app.knows(&generated.replace('-', "- ")));
    let _ = reset(json!({"password": App::OTHER_PASSWORD, "change_on_next_sign_in": false}));
    assert!(
        around(App::OTHER_PASSWORD)
            .iter()
            .all(|copied| app.knows(copied))
    );
    // Nor are those that the administrator typed or pasted part of it: nobody could read them out.
    let odd = format!("\u{a0}{}\r\n", App::NEW_PASSWORD);
    let order = json!({"password": odd, "change_on_next_sign_in": false, "return_password": true});
    assert_eq!(reset(order).text("password"), App::NEW_PASSWORD);
    assert!(app.knows(App::NEW_PASSWORD) && app.knows(&odd));
    let blank = json!({"password": " \n", "change_on_next_sign_in": false});
    let refused = app.make(&app.call("/v1/admin/users/ann/reset-password", blank));
    assert_eq!(refused.problem(), "password-rejected");
    for (email, how) in [
        ("bob@example.test", "create"),
        ("carol@example.test", "import"),
    ] {
        let account = json!({"email": email, "password": odd});
        let call = match how {
            "create" => app.call("/v1/admin/users", account),
            _ => Call::import(&[account]),
        };
        assert!(app.make(&call).status < 300, "{how}");
        let _ = app.sign_in(email, App::NEW_PASSWORD).expect(200);
    }
}

#[test]
fn a_password_of_ones_own_is_taken_exactly() {
    let app = App::with_account();
    let recovery = app.recover();
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
    assert!(app.knows(App::NEW_PASSWORD));
    assert!(!app.knows(&format!("{} ", App::NEW_PASSWORD)));
}
