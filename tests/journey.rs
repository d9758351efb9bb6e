//! The whole way from a forgotten password to a new one.

use serde_json::json;

use crate::app::{App, Caller as _, PUBLIC_BASE_URL, strong_password};

#[test]
fn a_forgotten_password_is_recovered_with_the_emailed_code() {
    let app = App::shared();
    let user = app.create_user();
    let visitor = app.visitor();
    app.assert_signs_in(&user, &user.password);

    let challenge = visitor.forgot_password(&user.email).expect_json(202);
    let challenge_id = challenge["challenge_id"]
        .as_str()
        .expect("the challenge has a name");
    assert_eq!(
        challenge,
        json!({
            "challenge_id": challenge_id,
            "code_length": 6,
            "code_expires_in": 600,
            "link_expires_in": 1200,
            "resend_after": 60,
        })
    );

    let mail = app.sink().wait_for_mail(&user.email);
    let verified = visitor
        .verify_otp(challenge_id, &mail.code())
        .expect_json(200);
    let reset_token = verified["reset_token"]
        .as_str()
        .expect("a verified code gives a reset token");
    assert_eq!(
        verified,
        json!({ "reset_token": reset_token, "expires_in": 600 })
    );

    let new_password = strong_password();
    visitor
        .reset_password(reset_token, &new_password)
        .expect_nothing();

    let signed_in = app
        .portal()
        .sign_in(&user.email, &new_password)
        .expect_json(200);
    let epoch = signed_in["credential_epoch"]
        .as_u64()
        .expect("the epoch is a counter");
    assert_eq!(
        signed_in,
        json!({ "user_id": user.id, "credential_epoch": epoch, "password_change": null })
    );
    app.assert_does_not_sign_in(&user, &user.password);
}

#[test]
fn a_forgotten_password_is_recovered_with_the_emailed_link() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);

    let new_password = strong_password();
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &new_password)
        .expect_nothing();

    app.assert_signs_in(&user, &new_password);
    app.assert_does_not_sign_in(&user, &user.password);
}

#[test]
fn a_first_password_is_set_by_an_account_that_never_had_one() {
    let app = App::shared();
    let newcomer = app.create_user_without_password();

    let recovery = app.recover_at(&newcomer.email);
    let reset_token = app.reset_token(&recovery);
    let password = strong_password();
    app.visitor()
        .reset_password(&reset_token, &password)
        .expect_nothing();

    let signed_in = app
        .portal()
        .sign_in(&newcomer.email, &password)
        .expect_json(200);
    assert_eq!(signed_in["user_id"], newcomer.id.as_str());
}

#[test]
fn an_administrators_user_signs_in_with_the_mailed_password_and_changes_it() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();

    // In the portal: find the user, press Generate, tick "send to the user's email" and "ask to change", press Change.
    let page = portal.get(&format!("/v1/admin/users?email={}", user.email));
    let page = page.expect_json(200);
    let id = page["users"][0]["id"].as_str().expect("the user is found");
    let order = json!({
        "generate": true,
        "send_email": true,
        "change_on_next_sign_in": true,
        "reason": "asked for by telephone",
    });
    let reset = portal.reset_users_password(id, &order).expect_json(200);
    assert_eq!(
        reset,
        json!({
            "change_required": true,
            "expires_at": reset["expires_at"],
            "email_id": reset["email_id"],
        })
    );
    app.assert_does_not_sign_in(&user, &user.password);

    // The user: sign in with what the email says, be made to change it.
    let temporary = app.sink().wait_for_mail(&user.email).password();
    let signed_in = portal.sign_in(&user.email, &temporary).expect_json(200);
    assert_eq!(signed_in["user_id"], user.id.as_str());
    let change = &signed_in["password_change"];
    let token = change["token"].as_str().expect("it must be changed");
    assert_eq!(
        change,
        &json!({ "reason": "must-change", "token": token, "expires_in": 600 })
    );
    let chosen = strong_password();
    app.visitor()
        .reset_password(token, &chosen)
        .expect_nothing();

    let signed_in = portal.sign_in(&user.email, &chosen).expect_json(200);
    let epoch = signed_in["credential_epoch"].clone();
    assert_eq!(
        signed_in,
        json!({ "user_id": user.id, "credential_epoch": epoch, "password_change": null })
    );
    app.assert_does_not_sign_in(&user, &temporary);
    let notice = app.sink().wait_for_mail(&user.email).everything();
    assert!(!notice.contains(&chosen) && !notice.contains(&temporary));
}

#[test]
fn the_recovery_mail_has_the_code_and_the_links_in_both_forms() {
    let app = App::shared();
    let user = app.create_user();
    let mail = app.recover(&user).mail;

    assert!(mail.is_to(&user.email));
    assert_eq!(mail.from, app.variable("email_from"));
    assert_eq!(
        mail.authorization,
        Some(format!("Bearer {}", app.variable("email_api_key")))
    );
    assert!(
        mail.idempotency_key
            .as_ref()
            .is_some_and(|key| !key.is_empty())
    );
    assert_eq!(mail.code().len(), 6);
    assert_ne!(mail.link_token(), mail.cancel_token());
    for secret in [mail.code(), mail.link_token(), mail.cancel_token()] {
        assert!(mail.html.contains(&secret), "{}", mail.html);
    }
    // 256 bits are 43 letters of base64url.
    assert!(mail.link_token().len() >= 43, "{}", mail.link_token());
    assert!(
        !mail.subject.contains(&mail.code()),
        "a subject is shown on a locked screen"
    );
}

#[test]
fn a_reset_is_confirmed_by_a_mail_that_holds_no_secret() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let reset_token = app.reset_token(&recovery);
    let new_password = strong_password();
    app.visitor()
        .reset_password(&reset_token, &new_password)
        .expect_nothing();

    let confirmation = app.sink().wait_for_mail(&user.email);
    let everything = confirmation.everything();
    let secrets = [
        recovery.mail.code(),
        recovery.mail.link_token(),
        reset_token,
        new_password,
        user.password,
    ];
    for secret in secrets {
        assert!(!everything.contains(&secret), "{everything}");
    }
    assert_eq!(confirmation.find_code(), None);
    assert!(
        !everything.contains("/reset-password#token="),
        "{everything}"
    );
    assert_ne!(confirmation.idempotency_key, recovery.mail.idempotency_key);
}

#[test]
fn the_link_is_dead_once_the_code_was_used() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let reset_token = app.reset_token(&recovery);

    let by_link = app
        .visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password());
    by_link.expect_problem(400, "invalid-reset-token");

    let new_password = strong_password();
    app.visitor()
        .reset_password(&reset_token, &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
}

#[test]
fn the_code_is_dead_once_the_link_was_used() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_nothing();

    let by_code = app
        .visitor()
        .verify_otp(&recovery.challenge_id, &recovery.mail.code());
    by_code.expect_problem(400, "invalid-otp");
}

#[test]
fn a_reset_raises_the_credential_epoch() {
    let app = App::shared();
    let user = app.create_user();
    let epoch = |password: &str| {
        let signed_in = app.portal().sign_in(&user.email, password).expect_json(200);
        signed_in["credential_epoch"]
            .as_u64()
            .expect("the epoch is a counter")
    };
    let before = epoch(&user.password);

    let recovery = app.recover(&user);
    let new_password = strong_password();
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &new_password)
        .expect_nothing();

    assert!(epoch(&new_password) > before);
}

#[test]
fn nothing_readable_is_kept_or_printed() {
    // Ten digits, so that they do not turn up by chance.
    let app = App::builder().variable("otp_length", "10").start();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let (code, link_token) = (recovery.mail.code(), recovery.mail.link_token());
    assert_eq!(code.len(), 10);
    let reset_token = app.reset_token(&recovery);
    let new_password = strong_password();
    app.visitor()
        .reset_password(&reset_token, &new_password)
        .expect_nothing();
    app.sink().wait_for_mail(&user.email);
    app.assert_signs_in(&user, &new_password);

    let secrets = [
        code,
        link_token,
        reset_token,
        new_password,
        user.password.clone(),
    ];
    assert!(app.keeps(&user.id), "the app keeps its state in its folder");
    for secret in &secrets {
        assert!(!app.keeps(secret), "{secret} is kept readable");
    }
    let log = app.log();
    for secret in secrets.iter().chain([&user.email]) {
        assert!(!log.contains(secret), "{secret} was printed: {log}");
    }
}

#[test]
fn what_is_stored_outlives_the_app() {
    let app = App::start();
    let user = app.create_user();
    let recovery = app.recover(&user);

    let app = app.stop().start();
    let reset_token = app.reset_token(&recovery);
    let new_password = strong_password();
    app.visitor()
        .reset_password(&reset_token, &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
}

#[test]
fn links_are_built_from_configuration_whatever_the_request_says() {
    let app = App::shared();
    let user = app.create_user();
    let body = json!({ "email": user.email }).to_string();
    let head = [
        "POST /v1/forgot-password HTTP/1.1",
        "Host: evil.example.net",
        "X-Forwarded-Host: evil.example.net",
        "Forwarded: host=evil.example.net",
        "Origin: https://evil.example.net",
        "Content-Type: application/json",
        &format!("Content-Length: {}", body.len()),
    ];
    let request = format!("{}\r\n\r\n{body}", head.join("\r\n"));
    let (answer, _) = app
        .wire()
        .exchange("POST /v1/forgot-password", request.as_bytes());
    answer.expect_json(202);

    let mail = app.sink().wait_for_mail(&user.email);
    assert!(
        mail.text
            .contains(&format!("{PUBLIC_BASE_URL}/reset-password#token="))
    );
    assert!(
        !mail.everything().contains("evil.example.net"),
        "{}",
        mail.everything()
    );
}
