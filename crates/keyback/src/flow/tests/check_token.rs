//! Whether a link still works, and for which account, before a password is chosen.

use serde_json::json;

use crate::testing::App;

#[test]
fn a_live_link_says_whose_it_is_how_long_it_works_and_why_and_stays_good() {
    let app = App::with_account();
    let recovery = app.recover();
    app.advance(200);
    for _ in 0..3 {
        let checked = app.check(&recovery.link).expect(200).json();
        let expected = json!({"email": App::EMAIL, "expires_in": 1_000, "reason": "recovery"});
        assert_eq!(checked, expected);
    }
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
    assert_eq!(app.check(&recovery.link).problem(), "invalid-reset-token");
}

#[test]
fn a_token_for_a_code_and_one_from_a_sign_in_say_so() {
    let app = App::with_account();
    let recovery = app.recover();
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let checked = app.check(&token.text("reset_token")).expect(200).json();
    assert_eq!(checked["reason"], "recovery");
    assert_eq!(checked["expires_in"], 600);

    let bob = json!({
        "email": "bob@example.test",
        "password": App::PASSWORD,
        "change_on_next_sign_in": true,
    });
    let _ = app.make(&app.call("/v1/admin/users", bob)).expect(201);
    let signed_in = app.sign_in("bob@example.test", App::PASSWORD).json();
    let change = &signed_in["password_change"];
    let checked = app.check(change["token"].as_str().unwrap()).expect(200);
    assert_eq!(checked.json()["reason"], change["reason"]);
    assert_eq!(checked.json()["email"], "bob@example.test");
}

#[test]
fn opening_links_takes_nobody_the_calls_to_use_them() {
    let app = App::with_account();
    app.env.variables.set("limit_client_reset", "2/60");
    let recovery = app.recover();
    let _ = app.check(&recovery.link).expect(200);
    let _ = app.check(&recovery.link).expect(200);
    assert_eq!(app.check(&recovery.link).problem(), "rate-limited");
    assert_eq!(app.reset(&recovery.link, App::NEW_PASSWORD).status, 204);
}

#[test]
fn a_link_that_was_damaged_on_its_way_works() {
    let app = App::with_account();
    let recovery = app.recover();
    let (head, tail) = recovery.link.split_at(30);
    for damaged in [
        format!("https://id.example.test/reset%23{}.", recovery.link),
        format!(
            "/reset-password%23token={}&amp;utm_source=mail",
            recovery.link
        ),
        format!("<{head}=\r\n{tail}>"),
    ] {
        let _ = app.check(&damaged).expect(200);
        let app = app.fork();
        assert_eq!(app.reset(&damaged, App::NEW_PASSWORD).status, 204);
    }
    let cancel = format!("#token={}>)", recovery.cancel);
    assert_eq!(app.cancel(&cancel).status, 204);
}
