//! Ids of other systems, whatever characters they contain, in every call that takes one.

use serde_json::{Value, json};

use crate::app::{App, Caller as _, random_token, strong_password, unique_email};

/// `id` as a segment of a path.
fn encoded(id: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    id.bytes().map(encode).collect()
}

/// Ids as identity services and directories make them, one with every sign that an id may contain, and one of full
/// length. A random part makes each unique.
fn ids() -> Vec<String> {
    let own = random_token(6);
    let signs: String = ('!'..='/')
        .chain(':'..='@')
        .chain('['..='`')
        .chain('{'..='~')
        .collect();
    let mut long = format!("{own}|{}", "x".repeat(128));
    long.truncate(128);
    vec![
        format!("auth0|{own}"),
        format!("google-oauth2:{own}"),
        format!("{own}@example.test"),
        format!("CN={own},OU=people/DC=example+DC=test"),
        format!("50%25{own}#top?query&x=y"),
        format!("../{own}/.."),
        format!(".{own}"),
        format!("{own}{signs}"),
        long,
    ]
}

#[test]
fn every_call_finds_an_account_by_an_id_of_any_printable_signs() {
    let app = App::shared();
    let portal = app.portal();
    for id in ids() {
        let (email, password) = (unique_email(), strong_password());
        let created =
            portal.create_user(&json!({ "id": id, "email": email, "password": password }));
        let place = created.header("location").map(str::to_owned);
        let account = created.expect_json(201);
        assert_eq!(account["id"], id.as_str());
        let place = place.expect("a created account has a place");
        assert_eq!(portal.get(&place).expect_json(200), account, "{place}");
        let path = encoded(&id);
        assert_eq!(portal.find_user(&path).expect_json(200), account);

        let by_id = json!({ "user_id": id, "password": password });
        let signed_in = portal.post("/v1/sign-in", &by_id).expect_json(200);
        assert_eq!(signed_in["user_id"], id.as_str());
        portal
            .update_user(&path, &json!({ "locale": "de" }))
            .expect_json(200);
        portal.require_password_change(&path, true).expect_nothing();
        let order = json!({ "generate": true, "send_email": true });
        portal.reset_users_password(&path, &order).expect_json(200);
        app.sink().wait_for_mail(&email);
        portal
            .start_recovery(&path, &json!({ "deliver": "return" }))
            .expect_json(200);
        let challenge = portal.get(&format!("/v1/admin/users/{path}/challenge"));
        assert!(challenge.expect_json(200)["challenge"].is_object());
        let events = portal.get(&format!("/v1/admin/users/{path}/events"));
        let events = events.expect_json(200);
        let events = events["events"].as_array().expect("events are a list");
        assert!(events.len() > 4 && events.iter().all(|event| event["user_id"] == id.as_str()));

        portal.delete_user(&path).expect_nothing();
        portal.find_user(&path).expect_problem(404, "not-found");
    }
}

#[test]
fn ids_that_differ_in_encoding_or_case_only_are_different() {
    let app = App::shared();
    let portal = app.portal();
    let own = random_token(6);
    let ids = [
        "a|b", "A|b", "a%7Cb", "a%257Cb", "a+b", "a%2Bb", "a.b", "a:b",
    ];
    let ids = ids.map(|id| format!("{own}{id}"));
    for id in &ids {
        let account = json!({ "id": id, "email": unique_email() });
        portal.create_user(&account).expect_json(201);
        portal
            .create_user(&json!({ "id": id, "email": unique_email() }))
            .expect_problem(409, "conflict");
    }
    for id in &ids {
        let found = portal.find_user(&encoded(id)).expect_json(200);
        assert_eq!(found["id"], id.as_str());
    }
}

#[test]
fn an_import_takes_them_and_knows_them_again() {
    let app = App::shared();
    let portal = app.portal();
    let lines: Vec<Value> = ids()
        .iter()
        .map(|id| json!({ "id": id, "email": unique_email(), "locale": null }))
        .collect();
    let texts: Vec<String> = lines.iter().map(Value::to_string).collect();
    let body = texts.join("\n");
    let first = portal.import_users(body.clone()).expect_json(200);
    assert_eq!(
        (&first["created"], &first["failed"]),
        (&json!(lines.len()), &json!(0))
    );
    let again = portal.import_users(body).expect_json(200);
    assert_eq!(again["unchanged"], lines.len());
    // An account whose address is spelled differently is still the same account.
    let spelled = lines.iter().map(|line| {
        let email = line["email"].as_str().expect("a line has an address");
        json!({ "id": line["id"], "email": email.to_uppercase() }).to_string() + "\n"
    });
    let again = portal.import_users(spelled.collect::<String>());
    assert_eq!(again.expect_json(200)["unchanged"], lines.len());
}
