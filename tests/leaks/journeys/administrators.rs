//! What administrators do, and what comes of it.

use serde_json::{Value, json};

use super::super::{Desk, member};
use super::{know_mail, new_password, new_user, set, sign_in};
use crate::app::{Answer, Caller as _, Provider, encode, random_token, unique_email, wait_for};
use crate::v1::admin::emails::wait_for_state;

/// bcrypt of a password that nobody uses here.
const HASH: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

pub(super) fn reset_by_an_administrator(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let path = format!("/v1/admin/users/{}/reset-password", user.id);
    let admin = desk.token_bearer("reset");
    let order = |order: &Value| admin.call("POST", &path).json(order);
    let typed = new_password(desk);
    let mailed = json!({"password": typed, "send_email": true, "reason": "by telephone"});
    let _ = desk.ask(order(&mailed)).expect_status(200);
    let _ = desk.app.sink().wait_for_mail(&user.email);
    let generated = json!({"generate": true, "send_email": true});
    let _ = desk.ask(order(&generated)).expect_status(200);
    let mailed = desk.app.sink().wait_for_mail(&user.email).password();
    desk.know("a generated password that was mailed", &mailed);
    let token = sign_in(desk, &user.email, &mailed, 200).expect("it must be changed");
    let chosen = new_password(desk);
    set(desk, &token, &chosen, 204);
    let returned = order(&json!({"generate": true, "return_password": true}));
    let shown = desk.ask_shown(returned, |answer| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let what = "a generated password that was shown";
        vec![(what, member(&body, "/password").to_owned())]
    });
    let shown = member(&shown.expect_json(200), "/password").to_owned();
    let _ = sign_in(desk, &user.email, &shown, 200).expect("it must be changed");
    vec![user.id]
}

/// While the provider is away, an email with a password and one with a link wait in the store.
pub(super) fn mail_that_waits(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let other = new_user(desk);
    let down = Provider::Fails {
        status: 422,
        retry_after: None,
    };
    desk.app.sink().provider(down);
    let typed = new_password(desk);
    let path = format!("/v1/admin/users/{}/reset-password", user.id);
    let order = json!({"password": typed, "send_email": true});
    let ordered = desk.ask(desk.portal().call("POST", &path).json(&order));
    let email = member(&ordered.expect_json(200), "/email_id").to_owned();
    let call = desk.visitor().call("POST", "/v1/forgot-password");
    let _ = desk
        .ask(call.json(&json!({"email": other.email})))
        .expect_status(202);
    wait_for_state(&desk.app, &email, "failed");
    wait_for(|| {
        let attempts = desk.app.sink().attempts(&other.email);
        attempts
            .first()
            .map(|(mail, _)| know_mail(desk, mail))
            .ok_or("no attempt")
    });
    desk.check_store("while mails wait");
    desk.app.sink().provider(Provider::Accepts);
    let retry = desk
        .portal()
        .call("POST", &format!("/v1/admin/emails/{email}/retry"));
    let _ = desk.ask(retry.body("")).expect_status(202);
    let _ = desk.app.sink().wait_for_mail(&user.email);
    vec![user.id, other.id]
}

pub(super) fn invited(desk: &Desk) -> Vec<String> {
    let email = unique_email();
    let body = json!({"email": email, "invite": {"deliver": "email"}});
    let created = desk.ask(desk.portal().call("POST", "/v1/admin/users").json(&body));
    let id = member(&created.expect_json(201), "/id").to_owned();
    let mail = desk.app.sink().wait_for_mail(&email);
    desk.know("an invitation's token", &mail.link_token());
    let again = desk
        .portal()
        .call("POST", &format!("/v1/admin/users/{id}/invite"));
    let again = again.json(&json!({"deliver": "return"}));
    let link = desk.ask_shown(again, |answer| vec![token_in_link(answer, "/link")]);
    let body = link.expect_json(200);
    let (_, token) = member(&body, "/link")
        .split_once('=')
        .expect("a link has a token");
    let password = new_password(desk);
    set(desk, token, &password, 204);
    vec![id]
}

/// The token in the link that an answer shows.
fn token_in_link(answer: &Answer, pointer: &str) -> (&'static str, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (_, token) = member(&body, pointer)
        .split_once("#token=")
        .expect("a link has a token");
    ("a token in a link that was shown", token.to_owned())
}

pub(super) fn recovery_by_an_administrator(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let path = format!("/v1/admin/users/{}/recovery", user.id);
    let order = desk
        .portal()
        .call("POST", &path)
        .json(&json!({"deliver": "return"}));
    let _ = desk.ask_shown(order, |answer| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = ("a code that was shown", member(&body, "/code").to_owned());
        vec![token_in_link(answer, "/link"), code]
    });
    let challenge = format!("/v1/admin/users/{}/challenge", user.id);
    let _ = desk
        .ask(desk.portal().call("GET", &challenge))
        .expect_status(200);
    vec![user.id]
}

pub(super) fn recovery_mailed_by_an_administrator(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let path = format!("/v1/admin/users/{}/recovery", user.id);
    let order = json!({"deliver": "email", "reason": "by telephone"});
    let _ = desk
        .ask(desk.portal().call("POST", &path).json(&order))
        .expect_status(202);
    let mail = desk.app.sink().wait_for_mail(&user.email);
    know_mail(desk, &mail);
    let password = new_password(desk);
    set(desk, &mail.link_token(), &password, 204);
    vec![user.id]
}

pub(super) fn imported(desk: &Desk) -> Vec<String> {
    let (with_hash, with_password) = (unique_email(), unique_email());
    let (ids, password) = ([random_token(9), random_token(9)], new_password(desk));
    desk.know_hash(HASH);
    let lines = [
        json!({"id": ids[0], "email": with_hash, "password_hash": HASH}),
        json!({"id": ids[1], "email": with_password, "password": password}),
        json!({"email": "no address", "password": password, "password_hash": HASH}),
    ];
    for dry_run in ["true", "false"] {
        let path = format!("/v1/admin/users/import?dry_run={dry_run}");
        let call = desk.portal().call("POST", &path);
        let call = call.header("content-type", "application/x-ndjson");
        let _ = desk
            .ask(call.body(lines.each_ref().map(Value::to_string).join("\n")))
            .expect_status(200);
    }
    assert_eq!(sign_in(desk, &with_password, &password, 200), None);
    let wrong = new_password(desk);
    let _ = sign_in(desk, &with_hash, &wrong, 401);
    let export = desk.portal().call("GET", "/v1/admin/users/export");
    let _ = desk.ask(export).expect_status(200);
    ids.into()
}

/// The rows that are refused have a password or a hash, too.
pub(super) fn imported_as_a_table(desk: &Desk) -> Vec<String> {
    let (with_hash, with_password) = (unique_email(), unique_email());
    let (ids, password) = ([random_token(9), random_token(9)], new_password(desk));
    let typed = new_password(desk);
    desk.know_hash(HASH);
    let rows = [
        "id;email;password;password_hash".to_owned(),
        format!("{};{with_hash};;{HASH}", ids[0]),
        format!("{};{with_password};{password};", ids[1]),
        format!(";no address;{typed};{HASH}"),
        format!(";{};;{typed}", unique_email()),
        format!(";{};{typed};;{typed}", unique_email()),
    ];
    for dry_run in ["true", "false"] {
        let path = format!("/v1/admin/users/import?dry_run={dry_run}");
        let call = desk.portal().call("POST", &path);
        let call = call.header("content-type", "text/csv");
        let report = desk.ask(call.body(rows.join("\r\n"))).expect_json(200);
        assert_eq!(report["created"], 2, "{report}");
    }
    assert_eq!(sign_in(desk, &with_password, &password, 200), None);
    ids.into()
}

pub(super) fn graphql(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let password = new_password(desk);
    let id = encode(format!("User:{}", user.id).as_bytes());
    let ask = |query: &str, variables: &Value| {
        let call = desk.token_bearer("users reset").call("POST", "/graphql");
        let call = call.json(&json!({"query": query, "variables": variables}));
        let _ = desk.ask(call).expect_status(200);
    };
    let reset = "mutation ($id: ID!, $password: String) { resetPassword(input: {userID: $id, password: $password}) { user { id } } }";
    ask(reset, &json!({"id": id, "password": password}));
    assert_eq!(sign_in(desk, &user.email, &password, 200), None);
    // Invalid queries: the error may name the place, but not the text.
    let typed = new_password(desk);
    ask(
        "mutation ($id: ID!, $password: Int) { resetPassword(input: {userID: $id, password: $password}) { user { id } } }",
        &json!({"id": id, "password": typed}),
    );
    let written = format!(
        "mutation {{ resetPassword(input: {{userID: \"{id}\", password: \"{typed}\", none: \"{typed}\"}}) {{ user {{ id }} }} }}"
    );
    ask(&written, &json!({}));
    ask(
        "{ users(first: 5) { edges { node { id standardAttributes primaryPassword { id } } } } }",
        &json!({}),
    );
    vec![user.id]
}

pub(super) fn bulk(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let order = json!({"action": "recover", "ids": [user.id], "reason": "spring cleaning"});
    let call = desk.portal().call("POST", "/v1/admin/users/bulk");
    let _ = desk.ask(call.json(&order)).expect_status(202);
    let mail = wait_for(|| {
        let _ = desk.ask(desk.portal().call("POST", "/v1/courier/run").body(""));
        let attempts = desk.app.sink().attempts(&user.email);
        attempts.into_iter().next().ok_or("no mail")
    });
    desk.know("the token of a job's link", &mail.0.link_token());
    vec![user.id]
}
