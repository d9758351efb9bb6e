//! CSV as spreadsheets and other systems write it, and the preview of an import.

use serde_json::{Value, json};

use super::{HASH, HASHED, counts, line};
use crate::app::{Answer, App, Caller as _, random_token, strong_password, unique_email};

const IMPORT: &str = "/v1/admin/users/import";

fn import_table(app: &App, query: &str, body: impl Into<Vec<u8>>) -> Answer {
    let call = app.portal().call("POST", &format!("{IMPORT}{query}"));
    call.header("content-type", "text/csv").body(body).send()
}

fn by_email(app: &App, email: &str) -> Value {
    let page = app.portal().get(&format!("/v1/admin/users?email={email}"));
    page.expect_json(200)["users"][0].clone()
}

/// The counts of a table without ignored columns.
fn table_counts(created: u32, unchanged: u32) -> Value {
    let mut counts = counts(created, unchanged);
    counts["ignored_columns"] = json!([]);
    counts
}

#[test]
fn a_table_is_taken_as_spreadsheets_write_it() {
    let app = App::shared();
    for (separator, end, mark) in [
        (",", "\n", ""),
        (";", "\r\n", "\u{feff}"),
        ("\t", "\r\n", ""),
        (",", "\r", ""),
    ] {
        let [one, two] = [(); 2].map(|()| (random_token(20), unique_email()));
        let rows = [
            ["id", "Email", "locale", "reason"].join(separator),
            [
                &one.0,
                &*one.1,
                "de",
                "\"moved; she said \"\"now\"\", today\"",
            ]
            .join(separator),
            separator.repeat(3),
            [&two.0, &*two.1].join(separator),
        ];
        let body = format!("{mark}{}{end}", rows.join(end));
        let answer = import_table(&app, "", body.clone());
        assert_eq!(answer.expect_json(200), table_counts(2, 0), "{body:?}");
        let account = by_email(&app, &one.1);
        assert_eq!(
            (&account["id"], &account["locale"]),
            (&json!(one.0), &json!("de"))
        );
        let events = app
            .portal()
            .get(&format!("/v1/admin/users/{}/events", one.0));
        let events = events.expect_json(200);
        assert_eq!(
            events["events"][0]["reason"],
            "moved; she said \"now\", today"
        );
        let answer = import_table(&app, "", body);
        assert_eq!(answer.expect_json(200), table_counts(0, 2));
    }
    assert_eq!(import_table(&app, "", "").expect_json(200)["created"], 0);
}

#[test]
fn columns_are_mapped_and_those_that_mean_nothing_are_named() {
    let app = App::shared();
    let (id, email) = (random_token(20), unique_email());
    let body = format!("E-Mail,uid,phone,pw,blocked\n{email},{id},555,{HASH},false\n");
    let refused = import_table(&app, "", body.clone());
    refused.expect_problem(422, "validation-failed");
    assert!(
        refused.text().contains("no column email"),
        "{}",
        refused.text()
    );
    let map = "?map=E-Mail:email,uid:id,pw:password_hash,blocked:disabled";
    let preview = import_table(&app, &format!("{map}&dry_run=true"), body.clone());
    let mut expected = counts(1, 0);
    expected["ignored_columns"] = json!(["phone"]);
    expected["dry_run"] = json!(true);
    assert_eq!(preview.expect_json(200), expected);
    assert!(by_email(&app, &email).is_null());

    let answer = import_table(&app, map, body).expect_json(200);
    assert_eq!(answer["ignored_columns"], json!(["phone"]));
    let signed_in = app.portal().sign_in(&email, HASHED).expect_json(200);
    assert_eq!(signed_in["user_id"], json!(id));
    for (query, advice) in [
        ("?map=mail:email", "no column \\\"mail\\\""),
        ("?map=E-Mail:zebra", "unknown member"),
        ("?map=email", "column:member pairs"),
        ("?map=E-Mail:email,uid:email", "two columns for email"),
        ("?dry_run=1", "true or false"),
        ("?zebra=1", "unknown query parameter"),
    ] {
        let refused = import_table(&app, query, "E-Mail,uid\na@example.com,a\n");
        refused.expect_problem(422, "validation-failed");
        assert!(refused.text().contains(advice), "{}", refused.text());
    }
    let json_lines = app.portal().call("POST", &format!("{IMPORT}?map=a:email"));
    let json_lines = json_lines.header("content-type", "application/json");
    let refused = json_lines.body(line(&random_token(20))).send();
    refused.expect_problem(422, "validation-failed");
}

#[test]
fn a_bad_row_is_named_by_its_line() {
    let app = App::shared();
    let taken = app.create_user();
    let [good, odd] = [(); 2].map(|()| unique_email());
    let body = format!(
        "id,email,change_on_next_sign_in\n,{good},\n\"a\nb\",zebra,\nx,{},\ny,{odd},maybe\nz,{odd},,,\"q\"\n",
        taken.email
    );
    let answer = import_table(&app, "", body).expect_json(200);
    assert_eq!(answer["created"], 1, "{answer}");
    let mut failures = answer["failures"].as_array().cloned().unwrap_or_default();
    failures.sort_by_key(|failure| failure["line"].as_u64());
    let told: Vec<_> = failures
        .iter()
        .map(|it| [&it["line"], &it["code"], &it["pointer"]])
        .collect();
    let invalid = json!("validation-failed");
    assert_eq!(
        told,
        [
            [&json!(3), &invalid, &json!("/email")],
            [&json!(5), &json!("conflict"), &Value::Null],
            [&json!(6), &invalid, &json!("/change_on_next_sign_in")],
            [&json!(7), &invalid, &json!("")],
        ]
    );
    assert!(!answer.to_string().contains('@'), "{answer}");
}

#[test]
fn other_files_are_no_tables() {
    let app = App::shared();
    let email = unique_email();
    let utf_16: Vec<u8> = format!("\u{feff}email\n{email}\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (body, advice) in [
        (utf_16, "UTF-8"),
        (
            format!("email,name\n{email},M\u{fc}ller\n")
                .chars()
                .map(|it| it as u8)
                .collect(),
            "UTF-8",
        ),
        (b"PK\x03\x04\x14\0".to_vec(), "CSV"),
        (b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "uncompressed"),
        (format!("{email},a\n").into_bytes(), "no column email"),
    ] {
        let refused = import_table(&app, "", body);
        refused.expect_problem(422, "validation-failed");
        assert!(refused.text().contains(advice), "{}", refused.text());
        assert!(!refused.text().contains(&email), "{}", refused.text());
    }
    assert!(by_email(&app, &email).is_null());
}

#[test]
fn a_preview_says_what_an_import_would_do() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let (id, email) = (random_token(20), unique_email());
    let lines = [
        json!({ "id": id, "email": email, "disabled": true, "created_at": "2019-05-06T07:08:09Z" }),
        json!({ "id": id, "email": email }),
        json!({ "id": user.id, "email": user.email }),
        json!({ "email": user.email }),
        json!({ "email": unique_email(), "password": "12345678" }),
        json!({ "email": unique_email(), "password": strong_password() }),
        json!({ "email": "zebra" }),
    ];
    let send = |query: &str| {
        let call = portal.call("POST", &format!("{IMPORT}{query}"));
        let body = lines.each_ref().map(Value::to_string).join("\n");
        let call = call.header("content-type", "application/x-ndjson");
        call.body(body).send().expect_json(200)
    };
    for _ in 0..2 {
        let preview = send("?dry_run=true");
        let counted = ["created", "unchanged", "failed"].map(|name| preview[name].as_u64());
        assert_eq!(counted, [Some(2), Some(2), Some(3)], "{preview}");
        assert_eq!(preview["dry_run"], true);
        portal.find_user(&id).expect_problem(404, "not-found");
    }
    let mut done = send("");
    assert_eq!(done["failed"], 3);
    done["dry_run"] = json!(true);
    assert_eq!(done["created"], 2);
    let account = portal.find_user(&id).expect_json(200);
    assert_eq!(account["disabled"], true);
    assert_eq!(account["created_at"], "2019-05-06T07:08:09Z");
}
