//! Which word opens which call: every call with every word.

use serde_json::{Value, json};

use crate::app::{App, Caller as _, Scope};

/// A call that changes nothing, and what it needs. `:id` is a user who is there.
type Row = (Scope, &'static str, &'static str, fn() -> Value);

const NONE: fn() -> Value = || Value::Null;
const EMPTY: fn() -> Value = || json!({});
const UNKNOWN: fn() -> Value = || json!({ "surprise": 1 });

const CALLS: &[Row] = &[
    (Scope::UsersRead, "GET", "/v1/admin/users", NONE),
    (
        Scope::UsersRead,
        "GET",
        "/v1/admin/users?email=a%40b.example",
        NONE,
    ),
    (Scope::UsersRead, "GET", "/v1/admin/users/:id", NONE),
    (
        Scope::UsersRead,
        "GET",
        "/v1/admin/users/:id/challenge",
        NONE,
    ),
    (Scope::UsersWrite, "POST", "/v1/admin/users", EMPTY),
    (Scope::UsersWrite, "POST", "/v1/admin/users/import", UNKNOWN),
    (Scope::UsersWrite, "PATCH", "/v1/admin/users/:id", UNKNOWN),
    (
        Scope::UsersWrite,
        "POST",
        "/v1/admin/users/:id/unlock",
        UNKNOWN,
    ),
    (
        Scope::UsersDelete,
        "DELETE",
        "/v1/admin/users/nobody-here",
        NONE,
    ),
    (Scope::UsersDelete, "DELETE", "/v1/admin/users/:id", UNKNOWN),
    (
        Scope::Reset,
        "POST",
        "/v1/admin/users/:id/reset-password",
        EMPTY,
    ),
    (
        Scope::Reset,
        "PUT",
        "/v1/admin/users/:id/password-change",
        EMPTY,
    ),
    (Scope::Reset, "POST", "/v1/admin/users/:id/recovery", EMPTY),
    (
        Scope::UsersWrite,
        "POST",
        "/v1/admin/users/:id/sign-out",
        UNKNOWN,
    ),
    (
        Scope::UsersWrite,
        "POST",
        "/v1/admin/users/:id/invite",
        EMPTY,
    ),
    (
        Scope::Reset,
        "DELETE",
        "/v1/admin/users/:id/challenge",
        UNKNOWN,
    ),
    (Scope::Events, "GET", "/v1/admin/users/:id/events", NONE),
    (Scope::Events, "GET", "/v1/admin/events", NONE),
    (Scope::Events, "GET", "/v1/admin/events/export", NONE),
    (Scope::Events, "GET", "/v1/admin/events/heads", NONE),
    (Scope::EmailsRead, "GET", "/v1/admin/emails", NONE),
    (
        Scope::EmailsRead,
        "GET",
        "/v1/admin/emails/nobody-here",
        NONE,
    ),
    (
        Scope::EmailsRetry,
        "POST",
        "/v1/admin/emails/nobody-here/retry",
        EMPTY,
    ),
    (Scope::Courier, "POST", "/v1/courier/run", NONE),
    (Scope::SignIn, "POST", "/v1/sign-in", EMPTY),
    (Scope::SignIn, "POST", "/v1/change-password", EMPTY),
];

#[test]
fn a_call_is_open_to_the_words_that_mean_it_and_forbidden_to_all_others() {
    let app = App::shared();
    let user = app.create_user_without_password();
    for (scope, method, path, body) in CALLS {
        let path = path.replace(":id", &user.id);
        for (word, opened) in Scope::WORDS {
            let call = app.api_client_with(word).call(method, &path);
            let answer = match body() {
                Value::Null => call.send(),
                body => call.json(&body).send(),
            };
            let is_open = opened.contains(scope);
            assert_ne!(answer.status, 401, "{method} {path} with {word}");
            assert_eq!(
                answer.status != 403,
                is_open,
                "{method} {path} with {word}: {}",
                answer.text()
            );
        }
    }
    app.portal().find_user(&user.id).expect_json(200);
}
