//! Accounts are exported as lines that can be imported; an import can be previewed.

use serde_json::{Value, json};

use crate::ports::Clock as _;
use crate::testing::{App, Call, TestKey};

const EXPORT: &str = "/v1/admin/users/export";
const IMPORT: &str = "/v1/admin/users/import";
/// bcrypt of [`App::PASSWORD`]: the tests' own hashes are too cheap to be imported.
const HASH: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

fn create(app: &App, account: Value) {
    let _ = app.make(&app.call("/v1/admin/users", account)).expect(201);
}

/// An app with accounts of all kinds.
fn with_accounts() -> App {
    let app = App::default();
    let password = App::PASSWORD;
    create(
        &app,
        json!({"id": "ann", "email": "Ann@example.test", "password_hash": HASH, "locale": "pt-BR"}),
    );
    create(&app, json!({"id": "a|b", "email": "bob@example.test"}));
    let temporary = json!({
        "id": "cy", "email": "cy@example.test", "password": password, "change_on_next_sign_in": true,
    });
    create(&app, temporary);
    create(
        &app,
        json!({"id": "dee", "email": "dee@example.test", "password_hash": HASH}),
    );
    let change = app.call("/v1/admin/users/dee", json!({"disabled": true}));
    let _ = app.make(&change.by("PATCH")).expect(200);
    create(&app, json!({"id": "gone", "email": "gone@example.test"}));
    let gone = app.call("/v1/admin/users/gone", Value::Null).by("DELETE");
    let _ = app.make(&gone).expect(204);
    let required = app.call(
        "/v1/admin/users/ann/password-change",
        json!({"required": true}),
    );
    let _ = app.make(&required.by("PUT")).expect(204);
    app
}

/// The lines of all pages.
fn export(app: &App, query: &str) -> Vec<Value> {
    let mut path = format!("{EXPORT}?{query}");
    let mut lines = Vec::new();
    loop {
        let page = app.make(&Call::get(&path)).expect(200);
        assert_eq!(page.header("content-type"), "application/x-ndjson");
        lines.extend(page.lines());
        let Some(link) = page.header_if_any("link") else {
            return lines;
        };
        let next = link.strip_prefix('<').and_then(|it| it.split_once('>'));
        let (next, relation) = next.unwrap();
        assert_eq!(relation, "; rel=\"next\"");
        let cursor = format!("?cursor={}", page.header("x-next-cursor"));
        assert!(next.contains(&cursor), "{next}");
        next.clone_into(&mut path);
    }
}

fn import(app: &App, query: &str, lines: &[Value]) -> Value {
    let call = Call::import(lines).to(&format!("{IMPORT}{query}"));
    app.make(&call).expect(200).json()
}

#[test]
fn an_export_is_an_import_elsewhere() {
    let app = with_accounts();
    let lines = export(&app, "hashes=true");
    let created = |name: &str| {
        let account = app.make(&Call::get(&format!("/v1/admin/users/{name}")));
        account.expect(200).json()["created_at"].clone()
    };
    assert_eq!(lines.len(), 4);
    let bob = json!({"id": "a|b", "email": "bob@example.test", "created_at": created("a%7Cb")});
    assert_eq!(lines[1], bob);
    // A temporary password is not exported, because it expires here.
    let cy = json!({"id": "cy", "email": "cy@example.test", "created_at": created("cy")});
    assert_eq!(lines[2], cy);
    assert_eq!(lines[0]["change_on_next_sign_in"], true);
    assert_eq!(lines[3]["disabled"], true);
    assert!(app.env.log.lines().iter().any(|line| {
        line.starts_with("hashes-exported request=") && line.ends_with("by=\"all\" accounts=4")
    }));

    let other = App::default();
    other.advance(1_000);
    let counts = json!({"created": 4, "unchanged": 0, "failed": 0, "failures": []});
    assert_eq!(import(&other, "", &lines), counts);
    assert_eq!(export(&other, "hashes=true"), lines);
    let signed_in = other.sign_in("ann@example.test", App::PASSWORD).expect(200);
    assert_eq!(signed_in.json()["password_change"]["reason"], "must-change");
    assert_eq!(other.sign_in("dee@example.test", App::PASSWORD).status, 401);
    let counts = json!({"created": 0, "unchanged": 4, "failed": 0, "failures": []});
    assert_eq!(import(&other, "", &lines), counts);
}

#[test]
fn pages_hold_each_account_once_and_no_hash_unless_asked_for() {
    let app = with_accounts();
    let all = export(&app, "");
    let pages = export(&app, "limit=1");
    assert_eq!(pages, all);
    assert!(all.iter().all(|line| line.get("password_hash").is_none()));
    assert_eq!(export(&app, "limit=2&cursor=1&hashes=false"), all[1..]);
    for query in ["limit=0", "limit=10001", "cursor=x", "hashes=1", "zebra=1"] {
        let _ = app
            .make(&Call::get(&format!("{EXPORT}?{query}")))
            .expect(422);
    }
    assert!(
        !app.env
            .log
            .lines()
            .iter()
            .any(|line| line.contains("hashes"))
    );
}

#[test]
fn hashes_need_a_scope_of_their_own() {
    let app = with_accounts();
    app.env
        .variables
        .set("jwt_jwks", &TestKey::jwks().to_string());
    app.env.variables.set("jwt_audience", TestKey::AUDIENCE);
    for (scope, plain, hashes) in [
        ("users", 200, 403),
        ("users:read", 200, 403),
        ("users:hashes", 403, 403),
        ("users:read users:hashes", 200, 200),
        ("users:write", 403, 403),
    ] {
        let claims = TestKey::claims(scope, app.env.clock.now());
        let bearer = format!("Bearer {}", TestKey::Es256.token(&claims));
        for (query, status) in [("", plain), ("?hashes=true", hashes)] {
            let call = Call::get(&format!("{EXPORT}{query}"));
            let _ = app.make(&call.with_authorization(&bearer)).expect(status);
        }
    }
}

#[test]
fn an_account_created_anew_with_an_old_time_shares_no_epoch_with_the_one_before() {
    let app = with_accounts();
    let line = |id: &str| json!({"id": id, "email": format!("{id}2@example.test"), "created_at": "2001-02-03T04:05:06Z"});
    let epoch = |name: &str| {
        let account = app.make(&Call::get(&format!("/v1/admin/users/{name}")));
        let account = account.expect(200).json();
        (
            account["credential_epoch"].as_u64().unwrap(),
            account["created_at"].clone(),
        )
    };
    let (before, _) = epoch("ann");
    let gone = app.call("/v1/admin/users/ann", Value::Null).by("DELETE");
    let _ = app.make(&gone).expect(204);
    app.advance(1);
    assert_eq!(import(&app, "", &[line("ann")])["created"], 1);
    let (after, created_at) = epoch("ann");
    assert_eq!(created_at, "2001-02-03T04:05:06Z");
    assert!(after > before, "{after} {before}");
}

#[test]
fn a_preview_says_what_the_import_does_and_creates_nothing() {
    let app = with_accounts();
    let lines = [
        json!({"id": "new", "email": "new@example.test"}),
        json!({"id": "new", "email": "NEW@example.test"}),
        json!({"id": "new", "email": "other@example.test"}),
        json!({"email": "new@example.test"}),
        json!({"id": "ann", "email": "ann@example.test"}),
        json!({"id": "ann", "email": "else@example.test"}),
        json!({"email": "weak@example.test", "password": "12345678"}),
        json!({"id": "a b", "email": "bad@example.test"}),
        json!({"id": "later", "email": "later@example.test", "created_at": "2999-01-01"}),
        json!({"email": "good@example.test", "password": App::OTHER_PASSWORD}),
    ];
    let names = app.env.store.names();
    let mut preview = import(&app, "?dry_run=true", &lines);
    let mut after = app.env.store.names();
    after.retain(|name| !names.contains(name));
    assert_eq!(after, Vec::<String>::new());
    let done = import(&app, "?dry_run=false", &lines);
    let members = preview.as_object_mut().unwrap();
    assert_eq!(members.remove("dry_run"), Some(json!(true)));
    // Outcomes of a chunk come after the lines that were refused earlier.
    for told in [&done, &preview] {
        assert_eq!(
            [&told["created"], &told["unchanged"], &told["failed"]],
            [2, 2, 6]
        );
    }
    assert_eq!(preview, done);
    // No error repeats a value.
    assert!(!done.to_string().contains('@'), "{done}");
}

#[test]
fn a_table_is_imported_like_lines() {
    let app = with_accounts();
    let table = "email;id;extra\nnew@example.test;new;1\nann@example.test;ann;2\nzebra;z;3\n";
    let call = Call::import_table(table).to(&format!("{IMPORT}?dry_run=true"));
    let preview = app.make(&call).expect(200).json();
    assert_eq!(
        [
            &preview["created"],
            &preview["unchanged"],
            &preview["failed"]
        ],
        [1, 1, 1]
    );
    let done = app.make(&Call::import_table(table)).expect(200).json();
    assert_eq!(
        [&done["created"], &done["unchanged"], &done["failed"]],
        [1, 1, 1]
    );
    assert_eq!(done["failures"][0]["line"], 4);
    assert_eq!(done["ignored_columns"], json!(["extra"]));
    let _ = app.make(&Call::import_table("")).expect(200);
}
