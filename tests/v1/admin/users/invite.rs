//! `POST /v1/admin/users/:id/invite`, and `invite` of `POST /v1/admin/users`

use serde_json::{Value, json};

use crate::app::{App, Caller as _, Scope, strong_password, unique_email, unix_seconds};
use crate::v1::admin::access::Guarded;

/// Creates an account with an invitation.
fn invited(app: &App, order: &Value) -> (String, Value) {
    let email = unique_email();
    let body = json!({ "email": email, "invite": order });
    let created = app.portal().create_user(&body).expect_json(201);
    (email, created)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    let text = value[member].as_str();
    text.unwrap_or_else(|| panic!("no {member} in {value}"))
}

fn token_in(link: &str) -> &str {
    link.split_once("#token=").expect("the link has a token").1
}

#[test]
fn a_mailed_invitation_sets_the_first_password() {
    let app = App::builder()
        .variable("sign_in_url", "https://portal.example.test/sign-in")
        .start();
    let (email, created) = invited(&app, &json!({ "deliver": "email" }));
    assert!(created["credential"].is_null(), "{created}");
    let expires_at = unix_seconds(&created["invitation"]["expires_at"]);
    let week = expires_at - unix_seconds(&created["created_at"]);
    assert_eq!(week, 7 * 86_400);
    assert!(created["invitation"].get("link").is_none(), "{created}");
    let mail = app.sink().wait_for_mail(&email);
    assert!(mail.subject.contains("set up your"), "{}", mail.subject);
    assert_eq!(mail.find_code(), None);
    assert!(mail.text.contains("within 7 days"), "{}", mail.text);
    let sign_in = "https://portal.example.test/sign-in";
    assert!(mail.text.contains(sign_in) && mail.html.contains(sign_in));
    let sent = app.portal().find_email(text(&created, "email_id"));
    assert_eq!(sent.expect_json(200)["kind"], "invitation");

    let token = mail.link_token();
    let checked = app.visitor().check_token(&token).expect_json(200);
    assert_eq!(checked["reason"], "invitation");
    assert_eq!(checked["email"], email.as_str());
    let password = strong_password();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.portal().sign_in(&email, &password).expect_json(200);
}

#[test]
fn a_returned_invitation_is_replaced_by_the_next_and_by_a_recovery() {
    let app = App::shared();
    let order = json!({ "deliver": "return", "expires_in": 1_209_600 });
    let (email, created) = invited(&app, &order);
    let id = text(&created, "id");
    let first = token_in(text(&created["invitation"], "link")).to_owned();
    let path = format!("/v1/admin/users/{id}/invite");
    let again = json!({ "deliver": "email", "reason": "lost it" });
    let again = app.portal().post(&path, &again).expect_json(202);
    assert!(again["email_id"].is_string(), "{again}");
    assert!(again.get("link").is_none(), "{again}");
    let second = app.sink().wait_for_mail(&email).link_token();
    let visitor = app.visitor();
    visitor
        .reset_password(&first, &strong_password())
        .expect_problem(400, "invalid-reset-token");
    let recovery = app.recover_at(&email);
    visitor
        .reset_password(&second, &strong_password())
        .expect_problem(400, "invalid-reset-token");
    let third = app.portal().post(&path, &json!({ "deliver": "return" }));
    let third = third.expect_json(200);
    visitor
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_problem(400, "invalid-reset-token");
    let password = strong_password();
    visitor
        .reset_password(token_in(text(&third, "link")), &password)
        .expect_nothing();
    app.portal().sign_in(&email, &password).expect_json(200);

    let refused = app.portal().post(&path, &json!({ "deliver": "email" }));
    refused.expect_problem(409, "already-set-up");
    let events = app.portal().get(&format!("/v1/admin/users/{id}/events"));
    let events = events.expect_json(200)["events"].clone();
    let invited = events.as_array().expect("a list").iter();
    let invited = invited.filter(|event| event["type"] == "account.invited");
    let reasons: Vec<_> = invited.map(|event| event["reason"].clone()).collect();
    assert_eq!(reasons, [Value::Null, json!("lost it"), Value::Null]);
}

#[test]
fn what_is_no_order_is_refused_and_so_is_an_account_that_cannot_use_it() {
    let app = App::shared();
    let portal = app.portal();
    let (_, created) = invited(&app, &json!({ "deliver": "return" }));
    let id = text(&created, "id");
    let path = format!("/v1/admin/users/{id}/invite");
    for (order, pointer) in [
        (json!({}), "/deliver"),
        (json!({ "deliver": "pigeon" }), "/deliver"),
        (
            json!({ "deliver": "email", "expires_in": 299 }),
            "/expires_in",
        ),
        (
            json!({ "deliver": "email", "expires_in": 1_209_601 }),
            "/expires_in",
        ),
    ] {
        let refused = portal.post(&path, &order).expect_invalid();
        assert_eq!(refused, [pointer], "{order}");
    }
    let off = json!({ "disabled": true });
    portal.update_user(id, &off).expect_json(200);
    let order = json!({ "deliver": "email" });
    portal
        .post(&path, &order)
        .expect_problem(409, "account-disabled");
    portal
        .post("/v1/admin/users/nobody-here/invite", &order)
        .expect_problem(404, "not-found");
}

#[test]
fn only_a_key_with_the_scope_invites() {
    let app = App::shared();
    let (_, created) = invited(&app, &json!({ "deliver": "return" }));
    let path = format!("/v1/admin/users/{}/invite", text(&created, "id"));
    let order = json!({ "deliver": "return" });
    app.api_client(Scope::UsersWrite)
        .post(&path, &order)
        .expect_json(200);
    Guarded {
        app: &app,
        scope: Scope::UsersWrite,
        method: "POST",
        paths: [&path, "/v1/admin/users/nobody-here/invite"],
        body: Some(order),
    }
    .assert_refused_to_others();
}
