//! The journeys, each with accounts of its own, whose ids it returns.

mod administrators;
mod deliveries;
mod users;

use serde_json::{Value, json};

use super::{Desk, member};
use crate::app::{Caller as _, Mail, User, strong_password, unique_email};
use crate::v1::admin::emails::all;

/// A journey; it returns the ids of its accounts.
pub(super) type Journey = fn(&Desk) -> Vec<String>;

pub(super) const ALL: &[Journey] = &[
    users::by_code,
    users::by_link,
    users::cancelled,
    administrators::reset_by_an_administrator,
    administrators::mail_that_waits,
    administrators::invited,
    administrators::recovery_by_an_administrator,
    administrators::imported,
    users::changed_by_the_user,
    administrators::graphql,
    administrators::bulk,
    users::refused_credentials,
    users::by_form,
    administrators::recovery_mailed_by_an_administrator,
    administrators::imported_as_a_table,
    deliveries::by_the_fallback,
    deliveries::refused_by_both,
    deliveries::run_by_url,
    deliveries::provider_s_webhook,
];

fn new_user(desk: &Desk) -> User {
    let (email, password) = (unique_email(), strong_password());
    desk.know("a first password", &password);
    let call = desk.portal().call("POST", "/v1/admin/users");
    let account = desk.ask(call.json(&json!({"email": email, "password": password})));
    let id = member(&account.expect_json(201), "/id").to_owned();
    User {
        id,
        email,
        password,
    }
}

fn new_password(desk: &Desk) -> String {
    let password = strong_password();
    desk.know("a new password", &password);
    password
}

/// Asks for a recovery. Returns its challenge and its email, whose secrets are known from then on.
fn recover(desk: &Desk, email: &str) -> (String, Mail) {
    let call = desk.visitor().call("POST", "/v1/forgot-password");
    let asked = desk
        .ask(call.json(&json!({"email": email})))
        .expect_json(202);
    let mail = desk.app.sink().wait_for_mail(email);
    know_mail(desk, &mail);
    (member(&asked, "/challenge_id").to_owned(), mail)
}

fn know_mail(desk: &Desk, mail: &Mail) {
    desk.know("a code", &mail.code());
    desk.know("a link's token", &mail.link_token());
    desk.know("a token that cancels", &mail.cancel_token());
}

fn set(desk: &Desk, token: &str, password: &str, status: u16) {
    let call = desk.visitor().call("POST", "/v1/reset-password");
    let body = json!({"token": token, "new_password": password});
    let _ = desk.ask(call.json(&body)).expect_status(status);
}

/// Signs in. Returns the change token, if a change is required.
fn sign_in(desk: &Desk, email: &str, password: &str, status: u16) -> Option<String> {
    let call = desk.portal().call("POST", "/v1/sign-in");
    let call = call.json(&json!({"email": email, "password": password}));
    let answer = desk.ask_shown(call, |answer| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = body
            .pointer("/password_change/token")
            .and_then(Value::as_str);
        token
            .map(|it| ("a change's token", it.to_owned()))
            .into_iter()
            .collect()
    });
    let body: Value =
        serde_json::from_slice(&answer.expect_status(status).body).unwrap_or_default();
    let token = body
        .pointer("/password_change/token")
        .and_then(Value::as_str);
    token.map(str::to_owned)
}

/// Reads all that administrators can read about what happened.
pub(super) fn read_everything(desk: &Desk, users: &[String]) {
    let _ = desk.ask(desk.portal().call("POST", "/v1/courier/run").body(""));
    let of_users = users.iter().flat_map(|id| {
        [
            format!("/v1/admin/users/{id}"),
            format!("/v1/admin/users/{id}/events"),
        ]
    });
    let others = [
        "/v1/health",
        "/v1/metrics",
        "/v1/admin/users?limit=100",
        "/v1/admin/users/export",
        "/v1/admin/users/bulk",
        "/v1/admin/emails?limit=100",
        "/v1/admin/events?limit=100",
        "/v1/admin/events/export",
        "/v1/admin/events/heads",
        "/v1/password-policy",
        "/portal",
    ];
    let emails = all(&desk.app, "limit=100");
    assert!(emails.len() > 10, "only {} emails", emails.len());
    let of_emails = emails
        .iter()
        .map(|email| format!("/v1/admin/emails/{}", member(email, "/id")));
    let paths = of_users.chain(others.map(str::to_owned)).chain(of_emails);
    for path in paths {
        let _ = desk
            .ask(desk.portal().call("GET", &path))
            .expect_status(200);
    }
}
