//! Files as editors, databases and other systems write them: taken, or refused once with words that say what to do.

use serde_json::{Value, json};

use super::{counts, line};
use crate::app::{Answer, App, Caller as _, random_token, unique_email};

fn import(app: &App, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let call = app.portal().call("POST", "/v1/admin/users/import");
    call.header("content-type", content_type).body(body).send()
}

fn lines() -> [String; 2] {
    [(); 2].map(|()| line(&random_token(24)))
}

#[test]
fn accounts_come_on_lines_in_a_list_or_over_several_lines() {
    let app = App::shared();
    let pretty = |line: &str| {
        let account: Value = serde_json::from_str(line).expect("it is JSON");
        serde_json::to_string_pretty(&account).expect("it is JSON")
    };
    let in_form: [fn([String; 2]) -> String; 7] = [
        |lines| format!("\u{feff}{}\r\n", lines.join("\r\n")),
        |lines| format!("[{}]", lines.join(",")),
        |lines| format!("\u{feff}[\r\n  {}\r\n]\r\n", lines.join(",\r\n  ")),
        |lines| format!("{},\n", lines.join(",\n")),
        |lines| lines.join(" \n\t\n"),
        |lines| lines.join("\n\n\n"),
        |lines| format!("\n{}", lines.join("\r")),
    ];
    for form in in_form {
        for content_type in ["application/json", "application/x-ndjson; charset=utf-8"] {
            let body = form(lines());
            let answer = import(&app, content_type, body.clone());
            assert_eq!(answer.expect_json(200), counts(2, 0), "{body:?}");
        }
    }
    let body = lines().map(|line| pretty(&line)).join("\n");
    let answer = import(&app, "application/json", body);
    assert_eq!(answer.expect_json(200), counts(2, 0));
    let answer = import(&app, "application/json", pretty(&line(&random_token(24))));
    assert_eq!(answer.expect_json(200), counts(1, 0));
    let answer = import(&app, "application/json", "[]");
    assert_eq!(answer.expect_json(200), counts(0, 0));
}

#[test]
fn a_bad_entry_of_a_list_is_named_by_its_line_and_place() {
    let app = App::shared();
    let taken = app.create_user();
    let list = [
        line(&random_token(24)),
        json!({ "email": "zebra" }).to_string(),
        json!({ "email": taken.email }).to_string(),
        "7".to_owned(),
    ];
    let body = format!("[\n{}]", list.join(",\n"));
    let answer = import(&app, "application/json", body).expect_json(200);
    assert_eq!(answer["created"], 1, "{answer}");
    let failures = answer["failures"].as_array().expect("they are listed");
    let mut told: Vec<_> = failures
        .iter()
        .map(|it| {
            (
                it["line"].as_u64(),
                it["pointer"].as_str(),
                it["code"].as_str(),
            )
        })
        .collect();
    told.sort_unstable();
    let expected = [
        (3, "/1/email", "validation-failed"),
        (4, "/2", "conflict"),
        (5, "/3", "validation-failed"),
    ];
    assert_eq!(
        told,
        expected.map(|(line, pointer, code)| (Some(line), Some(pointer), Some(code)))
    );
}

#[test]
fn other_files_are_refused_once_and_change_nothing() {
    let app = App::shared();
    let email = unique_email();
    let account = json!({ "email": email }).to_string();
    let utf_16 = |mark: &str| -> Vec<u8> {
        let text = format!("{mark}{account}\n{account}\n");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let many = |line: &str| line.repeat(50).into_bytes();
    let csv = format!("email,locale\n{email},en\n").into_bytes();
    for (body, advice) in [
        (csv, "text/csv"),
        (many(&format!("email;locale\n{email};en\n")), "text/csv"),
        (many(&format!("email\tlocale\n{email}\ten\n")), "text/csv"),
        (
            many(&format!(
                "\u{feff}\"email\",\"id\"\r\n\"{email}\",\"a\"\r\n"
            )),
            "text/csv",
        ),
        (
            many(&format!("email\n{email}\n")),
            "one JSON object per line",
        ),
        (utf_16("\u{feff}"), "UTF-8"),
        (utf_16(""), "UTF-8"),
        (b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), "uncompressed"),
        (b"PK\x03\x04\x14\0".to_vec(), "spreadsheet"),
        (format!("[{account},]").into_bytes(), "line 1"),
        (format!("[\n{account},\n{account}\n").into_bytes(), "line 4"),
        (
            format!("- email: {email}\n").into_bytes(),
            "one JSON object per line",
        ),
    ] {
        let answer = import(&app, "application/x-ndjson", body);
        answer.expect_problem(422, "validation-failed");
        assert_eq!(answer.expect_invalid(), [""], "{}", answer.text());
        assert!(answer.text().contains(advice), "{}", answer.text());
        assert!(!answer.text().contains(&email), "{}", answer.text());
    }
    let page = app.portal().get(&format!("/v1/admin/users?email={email}"));
    assert_eq!(page.expect_json(200)["users"], json!([]));
}
