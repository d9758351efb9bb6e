//! What couriers and providers do.

use serde_json::json;
use standardwebhooks::Webhook;

use super::super::{Desk, TOKEN_IN_URL, member};
use super::{know_mail, new_password, new_user, set};
use crate::app::{Caller as _, Provider, random_token, unix_now};
use crate::v1::admin::emails::wait_for_tries;

const AWAY: Provider = Provider::Fails {
    status: 503,
    retry_after: None,
};

/// The first provider is away, and the fallback sends a recovery email.
pub(super) fn by_the_fallback(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    desk.app.sink().provider(AWAY);
    let call = desk.visitor().call("POST", "/v1/forgot-password");
    let _ = desk
        .ask(call.json(&json!({"email": user.email})))
        .expect_status(202);
    let mail = desk.fallback.wait_for_mail(&user.email);
    desk.app.sink().provider(Provider::Accepts);
    know_mail(desk, &mail);
    let key = desk.app.variable("email_fallback_api_key");
    assert_eq!(mail.authorization, Some(format!("Bearer {key}")));
    let password = new_password(desk);
    set(desk, &mail.link_token(), &password, 204);
    vec![user.id]
}

/// Both providers refuse an email with a password, and what they said is recorded with it.
pub(super) fn refused_by_both(desk: &Desk) -> Vec<String> {
    let user = new_user(desk);
    desk.app.sink().provider(AWAY);
    desk.fallback.provider(Provider::RefusesSender);
    let path = format!("/v1/admin/users/{}/reset-password", user.id);
    let order = json!({"password": new_password(desk), "send_email": true});
    let ordered = desk.ask(desk.portal().call("POST", &path).json(&order));
    let email = member(&ordered.expect_json(200), "/email_id").to_owned();
    wait_for_tries(&desk.app, &email, 1);
    desk.check_store("while an email that both refused waits");
    desk.app.sink().provider(Provider::Accepts);
    desk.fallback.provider(Provider::Accepts);
    vec![user.id]
}

/// A scheduler calls the URL, and others try a token that is wrong, or in the wrong place.
pub(super) fn run_by_url(desk: &Desk) -> Vec<String> {
    let right = desk.app.variable(TOKEN_IN_URL);
    let wrong = random_token(32);
    desk.know("a wrong token for a run by URL", &wrong);
    let run = |query: &str| {
        let path = format!("/v1/courier/run?{query}");
        desk.ask(desk.visitor().call("GET", &path)).status
    };
    assert_eq!(run(&format!("token={right}")), 204);
    assert_eq!(run(&format!("token={wrong}")), 401);
    assert_eq!(run(&format!("token={right}&token={right}")), 422);
    for call in [
        desk.app.token_bearer(right).call("POST", "/v1/courier/run"),
        desk.visitor()
            .call("POST", &format!("/v1/courier/run?token={right}")),
    ] {
        let refused = desk.ask(call.body("")).status;
        assert!([401, 422].contains(&refused), "{refused}");
    }
    Vec::new()
}

/// Webhooks of both providers, which share a path, with good signatures and a bad one.
pub(super) fn provider_s_webhook(desk: &Desk) -> Vec<String> {
    let body = json!({"type": "email.teleported", "data": {}}).to_string();
    let (id, at) = ("msg_1", unix_now());
    let seconds = i64::try_from(at).expect("it is soon");
    let sign = |secret: &str| {
        let signing = Webhook::new(desk.app.variable(secret)).expect("the secret is one");
        let signature = signing.sign(id, seconds, body.as_bytes());
        signature.expect("it can be signed")
    };
    let signatures = ["email_webhook_secret", "email_fallback_webhook_secret"].map(sign);
    for signature in &signatures {
        desk.know("the signature of a provider's webhook", signature);
    }
    let [first, second] = &signatures;
    for (signature, status) in [(first.as_str(), 204), (second, 204), ("v1,AAAA", 401)] {
        let call = desk.visitor().call("POST", "/v1/email-webhooks/resend");
        let call = call
            .header("svix-id", id)
            .header("svix-timestamp", &at.to_string())
            .header("svix-signature", signature)
            .header("content-type", "application/json");
        let answer = desk.ask(call.body(body.as_str()));
        assert_eq!(answer.status, status);
    }
    Vec::new()
}
