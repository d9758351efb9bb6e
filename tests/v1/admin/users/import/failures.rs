//! Lines that are no good: each is reported by its number, and the others are imported.

use serde_json::{Value, json};

use super::{HASH, line};
use crate::app::{App, random_token, strong_password, unique_email};

/// A line, and what is wrong with it: a code and, where it is about a member, a pointer.
struct Bad {
    line: String,
    code: &'static str,
    pointer: Option<&'static str>,
}

fn invalid(pointer: &'static str, line: impl Into<String>) -> Bad {
    Bad {
        line: line.into(),
        code: "validation-failed",
        pointer: Some(pointer),
    }
}

fn invalid_account(pointer: &'static str, account: &Value) -> Bad {
    invalid(pointer, account.to_string())
}

fn conflict(account: &Value) -> Bad {
    Bad {
        line: account.to_string(),
        code: "conflict",
        pointer: None,
    }
}

#[test]
fn each_bad_line_is_reported_by_number_and_code_and_the_others_are_in() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let (local, domain) = user.email.split_once('@').expect("it has an at sign");
    let email = unique_email;
    let hash_of = |hash: &str| json!({ "email": email(), "password_hash": hash });
    let twice = json!({ "id": random_token(24), "email": email() });
    let weak = email();
    let bad = [
        invalid("", "{"),
        invalid("", "zebra"),
        invalid("", "null"),
        invalid("", format!("[{}]", line(&random_token(9)))),
        invalid("", format!("{0} {0}", line(&random_token(9)))),
        invalid(
            "",
            format!("{}{}", line(&random_token(9)), " ".repeat(16_384)),
        ),
        invalid_account("/email", &json!({})),
        invalid_account("/email", &json!({ "email": "zebra" })),
        invalid_account("/email", &json!({ "email": 7 })),
        invalid_account("/id", &json!({ "email": email(), "id": "a b" })),
        invalid_account("/id", &json!({ "email": email(), "id": "" })),
        invalid_account("/id", &json!({ "email": email(), "id": "import" })),
        invalid_account("/locale", &json!({ "email": email(), "locale": 7 })),
        invalid_account(
            "/surprise",
            &json!({ "email": email(), "surprise": "zebra" }),
        ),
        invalid_account("/password_hash", &hash_of("")),
        invalid_account("/password_hash", &hash_of("zebra")),
        invalid_account("/password_hash", &hash_of(&HASH[..HASH.len() - 9])),
        invalid_account(
            "/password_hash",
            &hash_of("md5$salt$0123456789abcdef0123456789abcde"),
        ),
        invalid_account("/password_hash", &hash_of("$2b$12$too.short")),
        invalid_account(
            "/password_hash",
            &hash_of("$argon2id$v=19$m=4194304,t=9,p=9$c2FsdHNhbHQ$AAAA"),
        ),
        invalid_account(
            "/password_hash",
            &json!({ "email": email(), "password": strong_password(), "password_hash": HASH }),
        ),
        invalid_account(
            "/change_on_next_sign_in",
            &json!({ "email": email(), "change_on_next_sign_in": true }),
        ),
        Bad {
            line: json!({ "email": weak, "password": "password" }).to_string(),
            code: "password-rejected",
            pointer: None,
        },
        conflict(&json!({ "email": user.email })),
        conflict(&json!({ "email": format!("{local}@{}", domain.to_uppercase()) })),
        conflict(&json!({ "id": random_token(24), "email": user.email })),
        conflict(&json!({ "id": user.id, "email": email() })),
        // Lines of the same import conflict with one another, too.
        conflict(&json!({ "id": twice["id"], "email": email() })),
        conflict(&json!({ "id": random_token(24), "email": twice["email"] })),
        conflict(&json!({ "email": twice["email"] })),
    ];
    // A good line and an empty one before each bad one. An address that a bad line had is still free.
    let mut lines = vec![twice.to_string()];
    let mut expected = Vec::new();
    for bad in &bad {
        lines.extend([line(&random_token(24)), String::new(), bad.line.clone()]);
        let mut failure = json!({ "line": lines.len(), "code": bad.code });
        if let Some(pointer) = bad.pointer {
            failure["pointer"] = json!(pointer);
        }
        expected.push(failure);
    }
    lines.push(json!({ "email": weak }).to_string());

    let answer = portal.import_users(lines.join("\n"));
    for said in ["zebra", &user.email, HASH, "md5"] {
        assert!(!answer.text().contains(said), "{}", answer.text());
    }
    let mut answer = answer.expect_json(200);
    let failures = answer["failures"].as_array_mut();
    for failure in failures.expect("failures are listed") {
        let detail = failure.as_object_mut().and_then(|it| it.remove("detail"));
        assert!(detail.is_some_and(|it| it.is_string()), "{failure}");
    }
    assert_eq!(
        answer,
        json!({
            "created": bad.len() + 2,
            "unchanged": 0,
            "failed": bad.len(),
            "failures": expected,
        })
    );
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn bytes_that_are_no_text_spoil_their_line_only() {
    let app = App::shared();
    let good = random_token(24);
    let mut body = b"{\"email\":\"\xff\xfe\"}\n\x00\n".to_vec();
    body.extend(line(&good).bytes());
    let answer = app.portal().import_users(body).expect_json(200);
    assert_eq!(answer["created"], 1, "{answer}");
    assert_eq!(answer["failed"], 2, "{answer}");
    assert_eq!(answer["failures"][1]["line"], 2, "{answer}");
    app.portal().find_user(&good).expect_json(200);
}

#[test]
fn all_failures_are_listed_however_many() {
    let app = App::shared();
    let answer = app.portal().import_users("{}\n".repeat(20_000));
    let answer = answer.expect_json(200);
    assert_eq!(answer["failed"], 20_000);
    let failures = answer["failures"].as_array().expect("they are listed");
    assert_eq!(failures.len(), 20_000);
    assert_eq!(failures[19_999]["line"], 20_000);
    assert_eq!(failures[19_999]["code"], "validation-failed");

    let too_many = app.portal().import_users("{}\n".repeat(100_001));
    too_many.expect_problem(413, "payload-too-large");
}

#[test]
fn more_passwords_in_clear_than_a_call_may_bring_are_left_for_the_next() {
    let app = App::start();
    let with_password = || json!({ "id": random_token(24), "email": unique_email(), "password": strong_password() });
    let lines: Vec<String> = (0..102).map(|_| with_password().to_string()).collect();
    let whole = format!("{}\n{}", lines.join("\n"), line(&random_token(24)));
    let answer = app.portal().import_users(whole.clone()).expect_json(200);
    assert_eq!(answer["created"], 101, "{answer}");
    assert_eq!(answer["failed"], 2, "{answer}");
    for (failure, line) in [(0, 101), (1, 102)] {
        assert_eq!(answer["failures"][failure]["line"], line, "{answer}");
        assert_eq!(answer["failures"][failure]["code"], "too-many-passwords");
    }
    // The same import once more brings the rest.
    let answer = app.portal().import_users(whole).expect_json(200);
    assert_eq!(
        answer,
        json!({ "created": 2, "unchanged": 101, "failed": 0, "failures": [] })
    );
}
