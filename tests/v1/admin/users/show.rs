//! `GET /v1/admin/users/:id`

use serde_json::json;

use crate::app::{App, Scope, random_token, unique_email};
use crate::v1::admin::access::Guarded;

#[test]
fn an_account_is_shown_as_it_was_created() {
    let app = App::shared();
    let id = random_token(48);
    let account = json!({ "id": id, "email": unique_email(), "locale": "pt-BR" });
    let created = app.portal().create_user(&account).expect_json(201);

    let shown = app.portal().find_user(&id).expect_json(200);
    assert_eq!(shown, created);
    assert_eq!(
        shown,
        json!({
            "id": id,
            "email": account["email"],
            "locale": "pt-BR",
            "disabled": false,
            "created_at": created["created_at"],
            "updated_at": created["created_at"],
            "last_sign_in_at": null,
            "locked_until": null,
            "credential": null,
            "credential_epoch": created["credential_epoch"],
        })
    );
}

#[test]
fn an_unknown_account_is_not_found() {
    let app = App::shared();
    for id in [
        "nobody-here",
        &random_token(24),
        &"a".repeat(65),
        "a.b",
        "a%20b",
        "%2e%2e",
        "%00",
    ] {
        app.portal().find_user(id).expect_problem(404, "not-found");
    }
}

#[test]
fn only_a_key_with_the_scope_sees_an_account() {
    let app = App::shared();
    let user = app.create_user();
    app.api_client(Scope::UsersRead)
        .find_user(&user.id)
        .expect_json(200);
    let guarded = Guarded {
        app: &app,
        scope: Scope::UsersRead,
        method: "GET",
        paths: [
            &format!("/v1/admin/users/{}", user.id),
            "/v1/admin/users/nobody-here",
        ],
        body: None,
    };
    guarded.assert_refused_to_others();
}
