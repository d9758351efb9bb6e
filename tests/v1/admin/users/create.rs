//! `POST /v1/admin/users`

use serde_json::{Value, json};

use crate::app::{
    App, Caller as _, Scope, random_token, strong_password, unique_email, unix_seconds,
};
use crate::v1::admin::access::Guarded;

#[test]
fn a_new_account_is_answered_whole_and_found_where_it_says() {
    let app = App::shared();
    let email = unique_email();
    let created = app
        .portal()
        .create_user(&json!({ "email": email, "password": strong_password(), "locale": "de" }));
    let location = created.header("location").map(str::to_owned);
    let account = created.expect_json(201);

    let id = account["id"].as_str().expect("an account has an id");
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    assert!(
        (1..=64).contains(&id.len()) && id.chars().all(is_plain),
        "{id}"
    );
    assert_eq!(account["email"], email.as_str());
    assert_eq!(account["locale"], "de");
    assert_eq!(account["disabled"], false);
    assert!(account["credential_epoch"].is_u64(), "{account}");
    let credential = &account["credential"];
    assert_eq!(
        unix_seconds(&credential["set_at"]),
        unix_seconds(&account["created_at"])
    );
    assert_eq!(credential["set_by"], "administrator");
    assert_eq!(credential["must_change"], false);
    assert!(credential["expires_at"].is_null(), "{account}");

    let location = location.expect("a created account has a place");
    assert!(
        location.ends_with(&format!("/v1/admin/users/{id}")),
        "{location}"
    );
    assert_eq!(app.portal().find_user(id).expect_json(200), account);
}

#[test]
fn an_account_may_come_without_a_password_and_with_an_id_of_the_portals() {
    let app = App::shared();
    let (id, email) = (random_token(24), unique_email());
    let account = app
        .portal()
        .create_user(&json!({ "id": id, "email": email }))
        .expect_json(201);
    assert_eq!(account["id"], id.as_str());
    assert!(account["credential"].is_null(), "{account}");
    assert_eq!(app.portal().find_user(&id).expect_json(200), account);
}

#[test]
fn no_answer_shows_a_password_or_its_hash() {
    let app = App::shared();
    let password = strong_password();
    let created = app
        .portal()
        .create_user(&json!({ "email": unique_email(), "password": password }));
    let text = created.text();
    assert!(
        !text.contains(&password) && !text.contains("argon2"),
        "{text}"
    );
}

#[test]
fn an_address_is_stored_with_its_domain_in_lower_case() {
    let app = App::shared();
    let (local, id) = (random_token(6), random_token(24));
    let account = json!({ "id": id, "email": format!("{local}@People.EXAMPLE.test") });
    let account = app.portal().create_user(&account).expect_json(201);
    let stored = account["email"]
        .as_str()
        .expect("an account has an address");
    assert!(stored.ends_with("@people.example.test"), "{stored}");
}

#[test]
fn an_address_is_shown_as_it_was_given_and_is_anothers_in_no_spelling() {
    let app = App::shared();
    let portal = app.portal();
    let local = random_token(6).to_lowercase();
    let given = format!("Ann.Capital.{local}@people.example.test");
    let account = json!({ "email": given, "password": strong_password() });
    let account = portal.create_user(&account).expect_json(201);
    assert_eq!(account["email"], given.as_str());
    for spelling in [given.to_lowercase(), given.to_uppercase(), given] {
        portal
            .create_user(&json!({ "email": spelling }))
            .expect_problem(409, "conflict");
        let found = portal.get(&format!("/v1/admin/users?email={spelling}"));
        assert_eq!(found.expect_json(200)["users"], json!([account]));
    }
}

#[test]
fn a_domain_of_any_script_is_kept_in_its_ascii_form() {
    let app = App::shared();
    let portal = app.portal();
    let local = random_token(6).to_lowercase();
    let kept = format!("{local}@xn--bcher-kva.example");
    let account = json!({ "email": format!("{local}@Bücher.example") });
    let account = portal.create_user(&account).expect_json(201);
    assert_eq!(account["email"], kept.as_str());
    for domain in [
        "bücher.example",
        "BÜCHER.example",
        "bu\u{308}cher\u{3002}example",
        "XN--BCHER-KVA.example",
    ] {
        portal
            .create_user(&json!({ "email": format!("{local}@{domain}") }))
            .expect_problem(409, "conflict");
    }
    let query = format!("/v1/admin/users?email={local}%40b%C3%BCcher.example");
    assert_eq!(
        portal.get(&query).expect_json(200)["users"],
        json!([account])
    );
    let refused = portal.create_user(&json!({ "email": "änne@bücher.example" }));
    assert_eq!(refused.expect_invalid(), ["/email"]);
    assert!(
        refused.text().contains("before the @"),
        "{}",
        refused.text()
    );
}

#[test]
fn a_member_that_is_null_is_absent() {
    let app = App::shared();
    let portal = app.portal();
    let email = unique_email();
    let account = json!({
        "email": email, "id": null, "password": null, "password_hash": null, "locale": null,
        "change_on_next_sign_in": null,
    });
    let account = portal.create_user(&account).expect_json(201);
    assert!(account["locale"].is_null() && account["credential"].is_null());
    let nobody = portal.create_user(&json!({ "email": null }));
    assert_eq!(nobody.expect_invalid(), ["/email"]);
    // A member of an answer can be sent for another account.
    let copy = json!({ "email": unique_email(), "locale": account["locale"] });
    portal.create_user(&copy).expect_json(201);
}

#[test]
fn an_address_or_an_id_is_given_once() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    portal
        .create_user(&json!({ "email": user.email }))
        .expect_problem(409, "conflict");
    let (local, domain) = user
        .email
        .split_once('@')
        .expect("an address has an at sign");
    let upper_case_domain = format!("{local}@{}", domain.to_uppercase());
    portal
        .create_user(&json!({ "email": upper_case_domain }))
        .expect_problem(409, "conflict");

    let email = unique_email();
    portal
        .create_user(&json!({ "id": user.id, "email": email }))
        .expect_problem(409, "conflict");
    // The refused call left nothing behind that would hold the address.
    portal
        .create_user(&json!({ "email": email }))
        .expect_json(201);
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn a_bad_member_is_named_and_nothing_is_created() {
    let app = App::shared();
    let portal = app.portal();
    for email in [
        "",
        "zebra",
        "zebra@",
        "a b@example.test",
        "zebra@example.test\n",
    ] {
        assert_eq!(
            portal
                .create_user(&json!({ "email": email }))
                .expect_invalid(),
            ["/email"],
            "{email:?}"
        );
    }
    let email = unique_email();
    // The last of them is a word of the API.
    for id in ["", "a b", " a", "ä", ".", "..", &"a".repeat(129), "import"] {
        let refused = portal.create_user(&json!({ "email": email, "id": id }));
        assert_eq!(refused.expect_invalid(), ["/id"], "{id:?}");
    }
    portal
        .create_user(&json!({ "email": email, "locale": 7 }))
        .expect_invalid();
    let both = json!({ "email": "zebra", "id": "a b" });
    assert_eq!(
        portal.create_user(&both).expect_invalid(),
        ["/email", "/id"]
    );
    portal
        .create_user(&json!({ "email": email }))
        .expect_json(201);
}

#[test]
fn a_weak_password_is_refused_and_the_account_is_not_created() {
    let app = App::shared();
    let email = unique_email();
    let weak = json!({ "email": email, "password": "password" });
    let violations = app.portal().create_user(&weak).expect_violations();
    assert!(
        violations.contains(&"too-common".to_owned()),
        "{violations:?}"
    );
    app.portal()
        .create_user(&json!({ "email": email }))
        .expect_json(201);
}

#[test]
fn a_password_is_given_in_clear_or_hashed_and_not_both() {
    let app = App::start();
    let portal = app.portal();
    let (email, password) = (unique_email(), "correct horse battery staple");
    // Django's form of hashlib.pbkdf2_hmac("sha256", b"correct horse battery staple", b"heron7marsh", 29000)
    let hash = "pbkdf2_sha256$29000$heron7marsh$DfFasX5mu7/Skjj4nnmc2v8DATkngl7Jk+ZmmKyRPRg=";
    let hashed = json!({ "email": email, "password_hash": hash });
    let created = portal.create_user(&hashed);
    assert!(!created.text().contains(hash), "{}", created.text());
    created.expect_json(201);
    for _ in 0..2 {
        portal.sign_in(&email, password).expect_json(200);
    }
    portal
        .sign_in(&email, &strong_password())
        .expect_problem(401, "invalid-credentials");

    let email = unique_email();
    let both = json!({ "email": email, "password": strong_password(), "password_hash": hash });
    assert_eq!(
        portal.create_user(&both).expect_invalid(),
        ["/password_hash"]
    );
    for malformed in [
        "",
        "zebra",
        password,
        &hash[..hash.len() - 9],
        "$argon2id$v=19$",
    ] {
        let refused = portal.create_user(&json!({ "email": email, "password_hash": malformed }));
        assert_eq!(refused.expect_invalid(), ["/password_hash"], "{malformed}");
        assert!(malformed.is_empty() || !refused.text().contains(malformed));
    }
    let nothing_to_change = json!({ "email": email, "change_on_next_sign_in": true });
    assert_eq!(
        portal.create_user(&nothing_to_change).expect_invalid(),
        ["/change_on_next_sign_in"]
    );
    portal
        .create_user(&json!({ "email": email }))
        .expect_json(201);
}

#[test]
fn only_a_key_with_the_scope_creates_an_account() {
    let app = App::shared();
    let email = unique_email();
    let account = json!({ "email": email });
    let guarded = Guarded {
        app: &app,
        scope: Scope::UsersWrite,
        method: "POST",
        paths: ["/v1/admin/users", "/v1/admin/users?email=zebra"],
        body: Some(account.clone()),
    };
    guarded.assert_refused_to_others();
    app.api_client(Scope::UsersWrite)
        .create_user(&account)
        .expect_json(201);
}

#[test]
fn a_language_tag_is_kept_as_far_as_it_goes() {
    let app = App::shared();
    let portal = app.portal();
    for (given, kept) in [
        ("pt_BR", json!("pt-BR")),
        ("de_DE.UTF-8", json!("de-DE")),
        ("zh-Hant-TW", json!("zh-Hant-TW")),
        ("x-klingon", Value::Null),
        ("C.UTF-8", Value::Null),
        ("", Value::Null),
        (&"a".repeat(200), Value::Null),
    ] {
        let account = json!({ "email": unique_email(), "locale": given });
        let created = portal.create_user(&account).expect_json(201);
        assert_eq!(created["locale"], kept, "{given}");
        let id = created["id"].as_str().expect("an id is text");
        let updated = portal.update_user(id, &json!({ "locale": "ja_JP" }));
        assert_eq!(updated.expect_json(200)["locale"], "ja-JP");
        let updated = portal.update_user(id, &json!({ "locale": "i-klingon" }));
        assert_eq!(updated.expect_json(200)["locale"], "ja-JP");
    }
}

#[test]
fn a_generated_password_is_returned_or_mailed_and_must_be_changed() {
    let app = App::shared();
    let portal = app.portal();
    let email = unique_email();
    let order = json!({ "email": email, "generate": true, "return_password": true });
    let returned = portal.create_user(&order).expect_json(201);
    assert!(returned.get("email_id").is_none(), "{returned}");
    assert_eq!(returned["credential"]["must_change"], true);
    assert!(returned["credential"]["expires_at"].is_string());
    let password = returned["password"].as_str().expect("it is returned");
    let signed_in = portal.sign_in(&email, password).expect_json(200);
    assert_eq!(signed_in["password_change"]["reason"], "must-change");
    app.sink().assert_no_mail(&email);

    let email = unique_email();
    let order = json!({
        "email": email, "generate": true, "send_email": true, "change_on_next_sign_in": false,
    });
    let mailed = portal.create_user(&order).expect_json(201);
    assert!(mailed.get("password").is_none(), "{mailed}");
    assert!(mailed["email_id"].is_string(), "{mailed}");
    let password = app.sink().wait_for_mail(&email).password();
    let signed_in = portal.sign_in(&email, &password).expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
}

#[test]
fn a_password_that_nobody_would_know_is_not_generated() {
    let app = App::shared();
    let portal = app.portal();
    let email = unique_email();
    let order = json!({ "email": email, "generate": true });
    let refused = portal.create_user(&order);
    refused.expect_problem(422, "undeliverable-password");
    let found = portal.get(&format!("/v1/admin/users?email={email}"));
    assert_eq!(found.expect_json(200)["users"], json!([]));
}

#[test]
fn what_excludes_each_other_is_refused_by_name() {
    let app = App::shared();
    let invite = json!({ "deliver": "return" });
    for (members, pointers) in [
        (
            json!({ "password": strong_password(), "generate": true, "send_email": true }),
            &["/generate"][..],
        ),
        (
            json!({ "password": strong_password(), "invite": invite }),
            &["/invite"],
        ),
        (
            json!({ "generate": true, "send_email": true, "invite": invite }),
            &["/invite"],
        ),
        (
            json!({ "invite": invite, "send_email": true }),
            &["/send_email"],
        ),
        (json!({ "return_password": true }), &["/return_password"]),
        (json!({ "invite": { "deliver": 7 } }), &["/invite/deliver"]),
        (json!({ "invite": "email" }), &["/invite"]),
    ] {
        let mut body = json!({ "email": unique_email() });
        for (name, value) in members.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let refused = app.portal().create_user(&body).expect_invalid();
        assert_eq!(refused, pointers, "{members}");
    }
}
