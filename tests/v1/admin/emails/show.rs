//! `GET /v1/admin/emails/:id`

use serde_json::json;

use super::{mail_password, wait_for_state};
use crate::app::{App, STATE_LIMIT, Scope, random_token, unix_seconds};
use crate::v1::admin::access::Guarded;

#[test]
fn an_email_is_shown_without_its_content_and_whom_it_goes_to() {
    let app = App::shared();
    let user = app.create_user();
    let id = mail_password(&app, &user);
    let mail = app.sink().wait_for_mail(&user.email);
    let email = wait_for_state(&app, &id, "sent");
    assert_eq!(
        email,
        json!({
            "id": id,
            "user_id": user.id,
            "kind": "temporary-password",
            "state": "sent",
            "attempts": 1,
            "created_at": email["created_at"],
            "updated_at": email["updated_at"],
            "next_attempt_at": null,
            "last_error": null,
            "provider": "resend",
        })
    );
    let taken = unix_seconds(&email["updated_at"]) - unix_seconds(&email["created_at"]);
    let most = STATE_LIMIT.as_secs();
    assert!(
        u64::try_from(taken).is_ok_and(|taken| taken <= most),
        "{taken} s"
    );

    let answer = app.portal().find_email(&id);
    for secret in [&user.email, &mail.password(), &mail.subject] {
        assert!(!answer.text().contains(secret), "{}", answer.text());
    }
}

#[test]
fn an_unknown_email_is_not_found() {
    let app = App::shared();
    for id in ["nobody-here", &random_token(16), "a.b", &"a".repeat(65)] {
        app.portal().find_email(id).expect_problem(404, "not-found");
    }
}

#[test]
fn only_a_key_with_the_scope_sees_an_email() {
    let app = App::shared();
    let id = mail_password(&app, &app.create_user());
    app.api_client(Scope::EmailsRead)
        .find_email(&id)
        .expect_json(200);
    let guarded = Guarded {
        app: &app,
        scope: Scope::EmailsRead,
        method: "GET",
        paths: [
            &format!("/v1/admin/emails/{id}"),
            "/v1/admin/emails/nobody-here",
        ],
        body: None,
    };
    guarded.assert_refused_to_others();
}
