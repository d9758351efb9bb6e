//! `DELETE /v1/admin/users/:id`

use serde_json::json;

use crate::app::{App, Caller as _, Scope, strong_password, unique_email};
use crate::v1::admin::access::Guarded;

#[test]
fn a_deleted_account_is_nowhere_any_more() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let recovery = app.recover(&user);
    portal.delete_user(&user.id).expect_nothing();

    for gone in [
        portal.find_user(&user.id),
        portal.delete_user(&user.id),
        portal.update_user(&user.id, &json!({ "disabled": true })),
        portal.update_user(&user.id, &json!({ "email": unique_email() })),
        portal.reset_users_password(&user.id, &json!({ "password": strong_password() })),
        portal.require_password_change(&user.id, true),
        portal.start_recovery(&user.id, &json!({ "deliver": "return" })),
    ] {
        gone.expect_problem(404, "not-found");
    }
    let page = portal.get(&format!("/v1/admin/users?email={}", user.email));
    assert_eq!(page.expect_json(200)["users"], json!([]));
    app.assert_does_not_sign_in(&user, &user.password);
    let by_id = json!({ "user_id": user.id, "password": user.password });
    portal
        .post("/v1/sign-in", &by_id)
        .expect_problem(401, "invalid-credentials");
    app.visitor()
        .verify_otp(&recovery.challenge_id, &recovery.mail.code())
        .expect_problem(400, "invalid-otp");
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_problem(400, "invalid-reset-token");
    let mail = app.sink().wait_for_mail(&user.email);
    assert!(mail.subject.contains("was deleted"), "{}", mail.subject);
    app.visitor().challenge(&user.email);
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn the_owner_is_told_and_nothing_else() {
    let app = App::shared();
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}?reason=asked+by+phone", user.id);
    app.portal().call("DELETE", &path).send().expect_nothing();
    let mail = app.sink().wait_for_mail(&user.email);
    assert!(mail.subject.contains("was deleted"), "{}", mail.subject);
    for secret in ["asked by phone", "portal", &user.id, &user.password] {
        assert!(!mail.text.contains(secret), "{secret}: {}", mail.text);
    }
    let page = app
        .portal()
        .get("/v1/admin/emails?limit=100")
        .expect_json(200);
    let emails = page["emails"].as_array().expect("a page has emails");
    let own = emails.iter().find(|email| email["user_id"] == *user.id);
    assert_eq!(
        own.map(|email| &email["kind"]),
        Some(&json!("account-deleted"))
    );
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn who_may_not_delete_gets_neither_the_id_nor_the_address_for_a_day() {
    let app = App::shared();
    let user = app.create_user();
    let writer = app.api_client(Scope::UsersWrite);
    let other = app.create_user_without_password();
    app.portal().delete_user(&user.id).expect_nothing();
    app.sink().wait_for_mail(&user.email);
    let orders = [
        json!({ "id": user.id, "email": unique_email() }),
        json!({ "email": user.email }),
        json!({ "email": user.email.to_uppercase() }),
        json!({ "id": user.id, "email": user.email, "password": strong_password() }),
    ];
    for order in &orders {
        let problem = writer.create_user(order).expect_problem(409, "conflict");
        let detail = problem["detail"].as_str().expect("it says until when");
        assert!(detail.contains("can be used again from 20"), "{detail}");
        let answer = writer.import_users(order.to_string()).expect_json(200);
        assert_eq!(answer["failed"], 1);
        assert_eq!(answer["failures"][0]["code"], "conflict");
        assert!(
            answer["failures"][0]["detail"]
                .as_str()
                .is_some_and(|it| it.contains("can be used again from"))
        );
    }
    writer
        .update_user(&other.id, &json!({ "email": user.email }))
        .expect_problem(409, "conflict");
    app.portal().create_user(&orders[3]).expect_json(201);
}

#[test]
fn nothing_issued_before_works_for_an_account_created_anew() {
    let app = App::shared();
    let portal = app.portal();
    // Each of them has something else outstanding.
    let users = [app.create_user(), app.create_user(), app.create_user()];
    let [recovering, verified, changing] = &users;
    let temporary = strong_password();
    let order = json!({ "password": temporary });
    for user in &users {
        portal
            .reset_users_password(&user.id, &order)
            .expect_json(200);
        app.sink().wait_for_mail(&user.email);
    }
    let recovery = app.recover(recovering);
    let reset_token = app.reset_token(&app.recover(verified));
    let change_token = app.change_token(&changing.email, &temporary);

    for user in &users {
        let epoch_before = app.epoch(&user.id);
        portal.delete_user(&user.id).expect_nothing();
        app.sink().wait_for_mail(&user.email);
        let account = json!({ "id": user.id, "email": user.email });
        let account = portal.create_user(&account).expect_json(201);
        assert!(account["credential"].is_null(), "{account}");
        let epoch = account["credential_epoch"].as_u64();
        assert!(
            epoch > Some(epoch_before),
            "{epoch:?} after {epoch_before}: sessions begun before would go on"
        );
        app.assert_does_not_sign_in(user, &user.password);
        app.assert_does_not_sign_in(user, &temporary);
    }
    app.visitor()
        .verify_otp(&recovery.challenge_id, &recovery.mail.code())
        .expect_problem(400, "invalid-otp");
    for token in [recovery.mail.link_token(), reset_token, change_token] {
        app.visitor()
            .reset_password(&token, &strong_password())
            .expect_problem(400, "invalid-reset-token");
    }

    // The new account inherits no required password change and no limits from the old one.
    let recovery = app.recover(recovering);
    let password = strong_password();
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &password)
        .expect_nothing();
    let signed_in = portal.sign_in(&recovering.email, &password);
    let signed_in = signed_in.expect_json(200);
    assert!(signed_in["password_change"].is_null(), "{signed_in}");
}

#[test]
fn the_epoch_goes_on_however_much_happened_within_a_second() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user();
    let require = |required: bool| {
        let answer = portal.require_password_change(&user.id, required);
        answer.expect_nothing();
    };
    require(true);
    for _ in 0..15 {
        require(false);
        require(true);
    }
    let change_token = app.change_token(&user.email, &user.password);
    let epoch_before = app.epoch(&user.id);
    portal.delete_user(&user.id).expect_nothing();
    let account = json!({ "id": user.id, "email": user.email, "password": strong_password() });
    let account = portal.create_user(&account).expect_json(201);

    let epoch = account["credential_epoch"].as_u64();
    assert!(
        epoch > Some(epoch_before),
        "{epoch:?} after {epoch_before}: what was issued before comes back to life"
    );
    app.visitor()
        .reset_password(&change_token, &strong_password())
        .expect_problem(400, "invalid-reset-token");
}

#[test]
fn only_a_key_with_the_scope_deletes_an_account() {
    let app = App::shared();
    let user = app.create_user_without_password();
    let guarded = Guarded {
        app: &app,
        scope: Scope::UsersDelete,
        method: "DELETE",
        paths: [
            &format!("/v1/admin/users/{}", user.id),
            "/v1/admin/users/nobody-here",
        ],
        body: None,
    };
    guarded.assert_refused_to_others();
    app.portal().find_user(&user.id).expect_json(200);
    let client = app.api_client(Scope::UsersDelete);
    client.delete_user(&user.id).expect_nothing();
    client
        .delete_user(&user.id)
        .expect_problem(404, "not-found");
}
