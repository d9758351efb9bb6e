//! `POST /v1/sign-in`

mod limits;

use serde_json::json;

use crate::app::{App, Caller as _, Scope, assert_alike, strong_password, unique_email, unix_now};

#[test]
fn an_unknown_account_and_a_wrong_password_are_refused_alike() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let without_password = unique_email();
    portal
        .create_user(&json!({ "email": without_password }))
        .expect_json(201);

    let wrong_password = portal.sign_in(&user.email, &strong_password());
    wrong_password.expect_problem(401, "invalid-credentials");
    let no_password = portal.sign_in(&without_password, &strong_password());
    let unknown = portal.sign_in(&unique_email(), &strong_password());
    let unknown_id = json!({ "user_id": "nobody-here", "password": user.password });
    let unknown_id = portal.post("/v1/sign-in", &unknown_id);
    for refused in [no_password, unknown, unknown_id] {
        assert_alike(&refused, &wrong_password);
    }
}

#[test]
fn an_account_is_named_by_its_address_or_its_id() {
    let app = App::shared();
    let user = app.create_user();
    let by_id = json!({ "user_id": user.id, "password": user.password });
    let by_id = app.portal().post("/v1/sign-in", &by_id).expect_json(200);
    let by_email = app
        .portal()
        .sign_in(&user.email, &user.password)
        .expect_json(200);
    assert_eq!(by_id, by_email);

    let (local, domain) = user
        .email
        .split_once('@')
        .expect("an address has an at sign");
    let upper_case_domain = format!("{local}@{}", domain.to_uppercase());
    app.portal()
        .sign_in(&upper_case_domain, &user.password)
        .expect_json(200);
}

#[test]
fn an_account_is_named_once_and_only_once() {
    let app = App::shared();
    let user = app.create_user();
    let by_nothing = json!({ "password": user.password });
    app.portal()
        .post("/v1/sign-in", &by_nothing)
        .expect_invalid();
    let by_both = json!({ "user_id": user.id, "email": user.email, "password": user.password });
    app.portal().post("/v1/sign-in", &by_both).expect_invalid();
}

#[test]
fn only_a_key_with_the_scope_signs_anybody_in() {
    let app = App::shared();
    let user = app.create_user();
    app.api_client(Scope::SignIn)
        .sign_in(&user.email, &user.password)
        .expect_json(200);
    for word in Scope::SignIn.other_words() {
        let refused = app
            .api_client_with(word)
            .sign_in(&user.email, &user.password);
        refused.expect_problem(403, "forbidden");
    }
    let body = json!({ "email": user.email, "password": user.password });
    app.visitor()
        .post("/v1/sign-in", &body)
        .expect_problem(401, "unauthorized");
}

#[test]
fn a_password_that_must_be_changed_comes_with_a_token_that_changes_it() {
    let app = App::shared();
    let portal = app.portal();
    let (email, password) = (unique_email(), strong_password());
    let account = json!({ "email": email, "password": password, "change_on_next_sign_in": true });
    let account = portal.create_user(&account).expect_json(201);
    assert_eq!(account["credential"]["must_change"], true);

    let signed_in = portal.sign_in(&email, &password).expect_json(200);
    let change = &signed_in["password_change"];
    assert!(change["reason"].is_string(), "{signed_in}");
    assert!(
        change["expires_in"]
            .as_u64()
            .is_some_and(|seconds| seconds > 0),
        "{signed_in}"
    );
    let token = change["token"].as_str().expect("the change has a token");

    let new_password = strong_password();
    app.visitor()
        .reset_password(token, &new_password)
        .expect_nothing();
    let signed_in = portal.sign_in(&email, &new_password).expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
}

#[test]
fn an_expired_temporary_password_is_refused_with_a_reason_of_its_own() {
    let app = App::start();
    let user = app.create_user();
    let (temporary, chosen) = (strong_password(), strong_password());
    let order = json!({ "password": temporary, "expires_in": 300 });
    app.portal()
        .reset_users_password(&user.id, &order)
        .expect_json(200);
    app.change_token(&user.email, &temporary);
    // It says that the password was changed.
    app.sink().wait_for_mail(&user.email);

    // Nothing expires in less than five minutes, so the test moves the expiry in the store.
    let app = app
        .stop()
        .stored(&format!("v1:account:{}", user.id), |account| {
            account["record"]["credential"]["expires_at"] = json!((unix_now() - 1) * 1000);
        })
        .start();
    let expired = app.portal().sign_in(&user.email, &temporary);
    expired.expect_problem(401, "password-expired");
    // Callers who do not know it are not told that there was one.
    app.assert_does_not_sign_in(&user, &chosen);
    app.assert_does_not_sign_in(&user, &user.password);

    // A recovery is the way out, as is another reset.
    let recovery = app.recover(&user);
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &chosen)
        .expect_nothing();
    app.assert_signs_in(&user, &chosen);
}

#[test]
fn a_mailed_password_that_was_copied_with_blanks_signs_in() {
    let app = App::shared();
    let user = app.create_user();
    let order = json!({ "generate": true, "send_email": true });
    app.portal()
        .reset_users_password(&user.id, &order)
        .expect_json(200);
    let password = app.sink().wait_for_mail(&user.email).password();
    for copied in [
        format!("{password}\n"),
        format!("    {password}"),
        format!("\u{a0}{password}\r\n"),
    ] {
        let signed_in = app.portal().sign_in(&user.email, &copied);
        let change = &signed_in.expect_json(200)["password_change"];
        assert_eq!(change["reason"], "must-change", "{copied:?}");
    }
    let inside = password.replacen('-', " -", 1);
    app.portal()
        .sign_in(&user.email, &inside)
        .expect_problem(401, "invalid-credentials");

    // A password that the user chose is compared as it was set.
    let token = app.change_token(&user.email, &password);
    let own = strong_password();
    app.visitor().reset_password(&token, &own).expect_nothing();
    app.portal()
        .sign_in(&user.email, &format!("{own} "))
        .expect_problem(401, "invalid-credentials");
    app.assert_signs_in(&user, &own);
}
