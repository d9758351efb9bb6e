//! `POST /v1/admin/users/import`

mod failures;
mod forms;
mod hashes;
mod many;
mod tables;

use std::{sync::Barrier, thread};

use serde_json::{Value, json};

use crate::app::{App, Caller as _, Scope, random_token, strong_password, unique_email};
use crate::v1::admin::{access::Guarded, users::events::wait_for_events};

/// The most octets that an import may have.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Django's form of `hashlib.pbkdf2_hmac("sha256", b"correct horse battery staple", b"heron7marsh", 29000)`.
pub(super) const HASH: &str =
    "pbkdf2_sha256$29000$heron7marsh$DfFasX5mu7/Skjj4nnmc2v8DATkngl7Jk+ZmmKyRPRg=";
const HASHED: &str = "correct horse battery staple";

#[test]
fn each_line_is_an_account_with_a_password_a_hash_or_neither() {
    let app = App::start();
    let portal = app.portal();
    let password = strong_password();
    let accounts = [
        json!({ "id": random_token(24), "email": unique_email(), "locale": "pt-BR" }),
        json!({ "id": random_token(24), "email": unique_email(), "password": password }),
        json!({
            "id": random_token(24), "email": unique_email(), "password_hash": HASH,
            "change_on_next_sign_in": true,
        }),
        json!({ "email": unique_email(), "password_hash": HASH }),
    ];
    // Blank lines, Windows' line ends and none after the last line are all right.
    let text = accounts
        .each_ref()
        .map(Value::to_string)
        .join("\r\n\n \r\n");
    let answer = portal.import_users(text);
    for secret in [&password, HASH] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
    assert_eq!(answer.expect_json(200), counts(4, 0));

    let by_email = |account: &Value| {
        let email = account["email"].as_str().expect("it has an address");
        let page = portal.get(&format!("/v1/admin/users?email={email}"));
        page.expect_json(200)["users"][0].clone()
    };
    for account in &accounts[..3] {
        let shown = by_email(account);
        assert_eq!(shown["id"], account["id"]);
        assert_eq!(shown["locale"], account["locale"]);
        assert_eq!(shown["disabled"], false);
        let id = shown["id"].as_str().expect("it has an id");
        assert_eq!(portal.find_user(id).expect_json(200), shown);
    }
    let [bare, clear, temporary, hashed] = accounts.each_ref().map(by_email);
    assert!(bare["credential"].is_null(), "{bare}");
    assert_eq!(clear["credential"]["must_change"], false);
    assert_eq!(clear["credential"]["set_by"], "administrator");
    assert_eq!(temporary["credential"]["must_change"], true);
    let drawn = hashed["id"].as_str();
    assert!(drawn.is_some_and(|id| id.len() >= 16), "{hashed}");

    let id = bare["id"].as_str().expect("it has an id");
    let [created] = &wait_for_events(&app, id, 1)[..] else {
        panic!("more than one event");
    };
    assert_eq!(created["type"], "account.created");
    assert_eq!(created["actor"]["id"], "portal");
    assert_eq!(created["at"], bare["created_at"]);

    let email = |account: &Value| account["email"].as_str().unwrap_or_default().to_owned();
    portal.sign_in(&email(&clear), &password).expect_json(200);
    for _ in 0..2 {
        let signed_in = portal.sign_in(&email(&hashed), HASHED).expect_json(200);
        assert_eq!(signed_in["user_id"], hashed["id"]);
        assert!(signed_in["password_change"].is_null(), "{signed_in}");
    }
    portal
        .sign_in(&email(&hashed), &password)
        .expect_problem(401, "invalid-credentials");
    let token = app.change_token(&email(&temporary), HASHED);
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.recover_at(&email(&bare));
}

#[test]
fn an_import_can_be_repeated_and_taken_up_where_it_was_cut_off() {
    let app = App::shared();
    let portal = app.portal();
    // More lines than fit into one call to the store.
    let lines: Vec<String> = (0..250).map(|_| line(&random_token(24))).collect();
    let first = lines[..120].join("\n");
    let answer = portal.import_users(first.clone()).expect_json(200);
    assert_eq!(answer, counts(120, 0));
    assert_eq!(portal.import_users(first).expect_json(200), counts(0, 120));
    let whole = lines.join("\n");
    let answer = portal.import_users(whole.clone()).expect_json(200);
    assert_eq!(answer, counts(130, 120));

    // Changes to an account since the import are kept.
    let account: Value = serde_json::from_str(&lines[7]).expect("it is JSON");
    let id = account["id"].as_str().expect("it has an id");
    portal
        .update_user(id, &json!({ "locale": "de", "disabled": true }))
        .expect_json(200);
    let order = json!({ "generate": true, "return_password": true });
    portal.reset_users_password(id, &order).expect_json(200);
    let before = portal.find_user(id).expect_json(200);
    assert_eq!(portal.import_users(whole).expect_json(200), counts(0, 250));
    assert_eq!(portal.find_user(id).expect_json(200), before);
}

#[test]
fn a_line_that_stands_there_twice_is_imported_once() {
    let app = App::shared();
    let same = line(&random_token(24));
    let answer = app.portal().import_users(format!("{same}\n{same}\n"));
    assert_eq!(answer.expect_json(200), counts(1, 1));
    // Even if the lines are far apart.
    let same = line(&random_token(24));
    let mut lines: Vec<String> = (0..210).map(|_| line(&random_token(24))).collect();
    for at in [0, 150, 210] {
        lines.insert(at, same.clone());
    }
    let answer = app.portal().import_users(lines.join("\n"));
    assert_eq!(answer.expect_json(200), counts(211, 2));
}

#[test]
fn an_account_that_ten_import_at_once_is_created_once() {
    let app = App::shared();
    let portal = app.portal();
    let lines: Vec<String> = (0..5).map(|_| line(&random_token(24))).collect();
    let lines = lines.join("\n");
    let start = Barrier::new(10);
    let answers: Vec<_> = thread::scope(|scope| {
        let import = || {
            start.wait();
            portal.import_users(lines.clone())
        };
        let racers: Vec<_> = (0..10).map(|_| scope.spawn(import)).collect();
        let joined = racers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|racer| racer.expect("it is answered")).collect()
    });
    let mut created = 0;
    for answer in answers {
        // Those who had to wait for the others too long are told to try again.
        if answer.status == 503 {
            answer.expect_problem(503, "service-unavailable");
            continue;
        }
        let answer = answer.expect_json(200);
        assert_eq!(answer["failed"], 0, "{answer}");
        created += answer["created"].as_u64().expect("it is a count");
    }
    assert_eq!(created, 5);
    assert_eq!(portal.import_users(lines).expect_json(200), counts(0, 5));
}

#[test]
fn others_are_served_while_passwords_are_imported() {
    let app = App::start();
    let portal = app.portal();
    let newcomer = app.create_user_without_password();
    let with_password =
        |_| json!({ "email": unique_email(), "password": strong_password() }).to_string();
    let lines: Vec<String> = (0..40).map(with_password).collect();
    let lines = lines.join("\n");
    thread::scope(|scope| {
        let import = scope.spawn(|| portal.import_users(lines));
        let mut locales = ["de", "en"].iter().cycle();
        while !import.is_finished() {
            let changes = json!({ "locale": locales.next() });
            portal.update_user(&newcomer.id, &changes).expect_json(200);
        }
        let answer = import.join().expect("it is answered");
        assert_eq!(answer.expect_json(200), counts(40, 0));
    });
}

#[test]
fn an_import_is_ndjson_of_at_most_eight_mebibytes() {
    let app = App::shared();
    let send = |content_type: &str, body: Vec<u8>| {
        let call = app.portal().call("POST", "/v1/admin/users/import");
        call.header("content-type", content_type).body(body).send()
    };
    for content_type in [
        "application/x-ndjson",
        "application/json",
        "application/x-ndjson; charset=utf-8",
    ] {
        let answer = send(content_type, line(&random_token(24)).into_bytes());
        assert_eq!(answer.expect_json(200), counts(1, 0), "{content_type}");
        let nothing = send(content_type, Vec::new());
        assert_eq!(nothing.expect_json(200), counts(0, 0), "{content_type}");
    }
    for content_type in ["text/plain", "application/octet-stream", ""] {
        send(content_type, line(&random_token(24)).into_bytes())
            .expect_problem(415, "unsupported-media-type");
    }
    let mut full = line(&random_token(24)).into_bytes();
    full.resize(BODY_LIMIT, b'\n');
    let answer = send("application/x-ndjson", full);
    assert_eq!(answer.expect_json(200), counts(1, 0));

    let id = random_token(24);
    let mut over = line(&id).into_bytes();
    over.resize(BODY_LIMIT + 1, b'\n');
    send("application/x-ndjson", over).expect_problem(413, "payload-too-large");
    app.portal().find_user(&id).expect_problem(404, "not-found");
}

#[test]
fn only_a_key_with_the_scope_imports_accounts() {
    let app = App::shared();
    let id = random_token(24);
    let account: Value = serde_json::from_str(&line(&id)).expect("it is JSON");
    let guarded = Guarded {
        app: &app,
        scope: Scope::UsersWrite,
        method: "POST",
        paths: ["/v1/admin/users/import", "/v1/admin/users/import?zebra"],
        body: Some(account.clone()),
    };
    guarded.assert_refused_to_others();
    app.portal().find_user(&id).expect_problem(404, "not-found");
    let answer = app
        .api_client(Scope::UsersWrite)
        .import_users(account.to_string());
    assert_eq!(answer.expect_json(200), counts(1, 0));
}

/// A line for an account with this id and no password.
fn line(id: &str) -> String {
    json!({ "id": id, "email": unique_email() }).to_string()
}

/// The answer to an import of which no line failed.
fn counts(created: u32, unchanged: u32) -> Value {
    json!({ "created": created, "unchanged": unchanged, "failed": 0, "failures": [] })
}

#[test]
fn an_import_by_a_caller_without_a_key_is_refused_unread() {
    let app = App::shared();
    let path = "/v1/admin/users/import";
    let announced = format!("Content-Length: {}", 8 * 1024 * 1024);
    for credential in ["", "\r\nAuthorization: Bearer kb_nobodys_key"] {
        let mut wire = app.wire();
        let head = wire.head("POST", path, &format!("{announced}{credential}"));
        let begun = format!("{head}{}", " ".repeat(17 * 1024));
        // The rest never comes, and the answer does not wait for it.
        let (answer, _) = wire.exchange(path, begun.as_bytes());
        answer.expect_problem(401, "unauthorized");
    }
}
