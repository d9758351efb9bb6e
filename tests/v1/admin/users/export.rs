//! `GET /v1/admin/users/export`

use serde_json::{Value, json};

use super::import::HASH;
use crate::app::{Answer, ApiClient, App, Caller as _, Scope, random_token, unique_email};
use crate::v1::admin::access::Guarded;

const EXPORT: &str = "/v1/admin/users/export";

/// The lines of all pages, as they came.
fn export(portal: &ApiClient, query: &str) -> String {
    let mut path = format!("{EXPORT}?{query}");
    let mut lines = String::new();
    loop {
        let page = portal.get(&path);
        let kind = page.header("content-type");
        assert_eq!(kind, Some("application/x-ndjson"), "{}", page.text());
        lines.push_str(page.text());
        match next_of(&page) {
            Some(next) => path = next,
            None => return lines,
        }
    }
}

/// The address of the next page.
fn next_of(page: &Answer) -> Option<String> {
    let link = page.header("link")?;
    let path = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    assert!(page.header("x-next-cursor").is_some());
    Some(path.to_owned())
}

fn parsed(lines: &str) -> Vec<Value> {
    let lines = lines.lines();
    let line = |line| serde_json::from_str(line).expect("it is JSON");
    lines.map(line).collect()
}

#[test]
fn what_is_exported_can_be_imported_elsewhere() {
    let app = App::start();
    let portal = app.portal();
    let user = app.create_user();
    let newcomer = app.create_user_without_password();
    let hashed = json!({
        "id": "auth0|7", "email": unique_email(), "locale": "ja", "password_hash": HASH,
        "change_on_next_sign_in": true,
    });
    portal.create_user(&hashed).expect_json(201);
    portal
        .update_user(&newcomer.id, &json!({ "disabled": true }))
        .expect_json(200);
    let temporary = app.create_user();
    let order = json!({ "generate": true, "return_password": true });
    portal
        .reset_users_password(&temporary.id, &order)
        .expect_json(200);

    let plain = export(&portal, "");
    assert!(!plain.contains("password"), "{plain}");
    assert!(!app.log().contains("hashes-exported"));
    let lines = export(&portal, "hashes=true");
    let accounts = parsed(&lines);
    assert_eq!(accounts.len(), 4);
    assert!(
        accounts[0]["password_hash"]
            .as_str()
            .is_some_and(|it| it.starts_with("$argon2id$"))
    );
    assert_eq!(accounts[1]["disabled"], true);
    for (name, value) in hashed.as_object().expect("it is an object") {
        assert_eq!(accounts[2][name], *value, "{name}");
    }
    assert!(
        accounts[3].get("password_hash").is_none(),
        "{}",
        accounts[3]
    );
    for account in &accounts {
        let id = account["id"]
            .as_str()
            .expect("it has an id")
            .replace('|', "%7C");
        let shown = portal.find_user(&id).expect_json(200);
        for name in ["id", "email", "created_at"] {
            assert_eq!(account[name], shown[name], "{account}");
        }
    }
    assert!(
        app.log().contains("hashes-exported request="),
        "{}",
        app.log()
    );
    assert!(
        app.log().contains("by=\"portal\" accounts=4"),
        "{}",
        app.log()
    );

    let other = App::start();
    let counted = other.portal().import_users(lines.clone()).expect_json(200);
    assert_eq!(counted["created"], 4, "{counted}");
    assert_eq!(export(&other.portal(), "hashes=true"), lines);
    other.assert_signs_in(&user, &user.password);
}

#[test]
fn ten_thousand_accounts_leave_in_pages_of_bounded_size() {
    let app = App::start();
    let portal = app.portal();
    let line = |_| json!({ "id": random_token(16), "email": unique_email() }).to_string();
    let lines: Vec<String> = (0..10_050).map(line).collect();
    let imported = portal.import_users(lines.join("\n")).expect_json(200);
    assert_eq!(imported["created"], 10_050);
    let exported = parsed(&export(&portal, ""));
    let ids = exported.iter().map(|account| account["id"].clone());
    let expected = lines.iter().map(|line| parsed(line)[0]["id"].clone());
    assert!(ids.eq(expected), "{} of them", exported.len());
    let page = portal.get(EXPORT);
    assert!(next_of(&page).is_some());
    assert!(page.text().lines().count() <= 10_000);
}

/// Some platforms pass on no larger answer.
const LARGEST_ANSWER: usize = 10 << 20;
/// A `limit` with which every export fits. 10,000 accounts can be five per cent larger, if each has an id of 128 quotes.
const FITTING: usize = 9_000;

#[test]
fn with_a_limit_an_export_of_the_longest_accounts_is_no_larger_than_platforms_allow() {
    let app = App::start();
    let vectors = include_str!("../../../../crates/keyback/tests-data/password-hashes.json");
    let vectors: Vec<Value> = serde_json::from_str(vectors).expect("the vectors are a list");
    let hashes = vectors.iter().filter_map(|vector| vector["hash"].as_str());
    let hash = hashes
        .max_by_key(|hash| hash.len())
        .expect("there are some");
    // Each quote takes two octets in JSON.
    let id = "\"".repeat(128);
    let label = "a".repeat(60);
    let email = format!("{label}@{label}.{label}.{label}.example");
    let account = json!({
        "id": id, "email": format!("{}{email}", "a".repeat(254 - email.len())),
        "locale": "zh-Hant-TW", "password_hash": hash, "change_on_next_sign_in": true,
        "disabled": true,
    });
    let import = app.portal().import_users(account.to_string());
    assert_eq!(import.expect_json(200)["created"], 1);
    let line = export(&app.portal(), "hashes=true").len();
    // Shown with `--nocapture`.
    eprintln!("the longest line has {line} bytes");
    assert!(line > 128 + 254 + hash.len(), "{line}");
    assert!(FITTING * line <= LARGEST_ANSWER, "{line} bytes a line");
}

#[test]
fn only_a_key_with_the_scopes_exports() {
    let app = App::shared();
    Guarded {
        app: &app,
        scope: Scope::UsersRead,
        method: "GET",
        paths: [EXPORT, "/v1/admin/users/export?zebra"],
        body: None,
    }
    .assert_refused_to_others();
    let reader = app.api_client(Scope::UsersRead);
    assert_eq!(reader.get(EXPORT).status, 200);
    let refused = reader.get(&format!("{EXPORT}?hashes=true"));
    refused.expect_problem(403, "forbidden");
    for query in [
        "limit=0",
        "limit=10001",
        "cursor=-1",
        "hashes=yes",
        "zebra=1",
    ] {
        let refused = app.portal().get(&format!("{EXPORT}?{query}"));
        refused.expect_problem(422, "validation-failed");
    }
}
