//! What users do, and strangers.

use serde_json::{Value, json};

use super::super::{BREACHED, Desk, member};
use super::{know_mail, new_password, new_user, recover, set, sign_in};
use crate::app::{Caller as _, PUBLIC_BASE_URL, random_token, wrong_code};

pub(super) fn by_code(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let (challenge, mail) = recover(desk, &user.email);
    let verify = |code: &str| {
        let call = desk.visitor().call("POST", "/v1/verify-otp");
        call.json(&json!({"challenge_id": challenge, "code": code}))
    };
    let wrong = wrong_code(&mail.code());
    let _ = desk.ask(verify(&wrong)).expect_status(400);
    let verified = desk.ask_shown(verify(&mail.code()), |answer| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        vec![("a reset token", member(&body, "/reset_token").to_owned())]
    });
    let token = member(&verified.expect_json(200), "/reset_token").to_owned();
    let check = desk.visitor().call("POST", "/v1/reset-password/check");
    let _ = desk
        .ask(check.json(&json!({"token": token})))
        .expect_status(200);
    let password = new_password(desk);
    desk.know("a breached password", BREACHED.0);
    set(desk, &token, BREACHED.0, 422);
    set(desk, &token, &password, 204);
    set(desk, &token, &password, 400);
    assert_eq!(sign_in(desk, &user.email, &password, 200), None);
    let _ = sign_in(desk, &user.email, &user.password, 401);
    vec![user.id]
}

pub(super) fn by_link(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let (_, mail) = recover(desk, &user.email);
    let password = new_password(desk);
    let whole = format!(
        "{}/reset-password#token={}",
        PUBLIC_BASE_URL,
        mail.link_token()
    );
    set(desk, &whole, &password, 204);
    let page = desk.visitor().call("GET", "/reset-password");
    let _ = desk.ask(page).expect_status(200);
    vec![user.id]
}

/// With the page's form, as a browser without scripts sends it; then from another site, which is refused.
pub(super) fn by_form(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    for site in ["same-origin", "cross-site"] {
        let form = desk.visitor().call("POST", "/forgot-password/submit");
        let form = form
            .header("sec-fetch-site", site)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("email={}", user.email.replace('@', "%40")));
        let is_accepted = desk.ask(form).status == 202;
        assert_eq!(is_accepted, site == "same-origin");
    }
    let mail = desk.app.sink().wait_for_mail(&user.email);
    know_mail(desk, &mail);
    let password = new_password(desk);
    set(desk, &mail.link_token(), &password, 204);
    vec![user.id]
}

pub(super) fn cancelled(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let (_, mail) = recover(desk, &user.email);
    let call = desk.visitor().call("POST", "/v1/cancel-recovery");
    let body = json!({"token": mail.cancel_token()});
    let _ = desk.ask(call.json(&body)).expect_status(204);
    let password = new_password(desk);
    set(desk, &mail.link_token(), &password, 400);
    vec![user.id]
}

pub(super) fn changed_by_the_user(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    let chosen = new_password(desk);
    let change = |current: &str| {
        let call = desk.portal().call("POST", "/v1/change-password");
        call.json(&json!({"user_id": user.id, "current_password": current, "new_password": chosen}))
    };
    let wrong = new_password(desk);
    let _ = desk.ask(change(&wrong)).expect_status(401);
    let _ = desk.ask(change(&user.password)).expect_status(204);
    let call = desk.visitor().call("POST", "/v1/password-policy/check");
    let _ = desk
        .ask(call.json(&json!({"password": chosen, "email": user.email})))
        .expect_status(200);
    vec![user.id]
}

/// Whatever is wrong with a credential, it is repeated nowhere.
pub(super) fn refused_credentials(desk: &Desk) -> Vec<String> {
    let forged = format!("kb_portal_{}", random_token(24));
    desk.know("a forged API key", &forged);
    for client in [desk.app.token_bearer(&forged), desk.token_bearer("nothing")] {
        let answer = desk.ask(client.call("GET", "/v1/admin/users"));
        assert!(matches!(answer.status, 401 | 403));
    }
    let password = new_password(desk);
    for body in [
        json!({"email": "ann@example.test", "passwort": password}).to_string(),
        json!({"email": password, "password": password}).to_string(),
        format!("{{\"password\": \"{password}"),
        format!("[\"{password}\"]"),
    ] {
        let call = desk.portal().call("POST", "/v1/sign-in");
        let call = call.header("content-type", "application/json").body(body);
        let answer = desk.ask(call);
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
    for path in [
        "/v1/reset-password",
        "/v1/verify-otp",
        "/v1/cancel-recovery",
    ] {
        let call = desk.visitor().call("POST", path);
        let body = json!({"token": password, "code": password, "challenge_id": password, "new_password": password});
        let answer = desk.ask(call.json(&body));
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
    Vec::new()
}
