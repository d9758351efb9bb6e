//! Requests that are refused at the door leave nothing behind: wrong keys, tokens, signatures and passwords, each from a
//! network of its own. `crates/keyback/src/flow/tests/refusals.rs` makes ten thousand of other kinds
//! in memory.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    app::{
        Algorithm, App, Call, Caller as _, Issuer, User, is_embedded_host, random_token,
        strong_password, unix_now,
    },
    crash::left_over,
    people::Ahead,
};

/// How many requests of each kind.
const MANY: usize = 120;
/// More records than this must not be new in the end: those that are written once for all.
const FEW: usize = 10;
/// Owners of accounts whose passwords are guessed: nobody's may be, more than a hundred times.
const USERS: usize = 3;

/// The calls of a kind, one for each number, and the status that refuses them.
struct Kind<'a> {
    name: &'static str,
    status: u16,
    call: Box<dyn Fn(usize) -> Call + 'a>,
}

#[test]
fn requests_refused_at_the_door_leave_nothing_once_time_has_passed() {
    if !is_embedded_host() {
        eprintln!("not tried: only the embedded host has a clock that can be moved");
        return;
    }
    let issuer = Issuer::new();
    let app = App::builder()
        .with_faults()
        .variable("trusted_proxy_header", "x-forwarded-for")
        .variable("trusted_proxy_hops", "1")
        .variable("jwt_jwks", issuer.jwks())
        .variable("jwt_audience", Issuer::AUDIENCE)
        .variable("courier_url_token", random_token(32))
        .variable("email_webhook_secret", webhook_secret())
        .start();
    let users: Vec<_> = (0..USERS).map(|_| app.create_user()).collect();
    app.portal().run_courier().expect_json(200);
    let before = app.stored_names();

    let kinds = kinds(&app, &issuer, &users);
    for (place, kind) in kinds.iter().enumerate() {
        for number in 0..MANY {
            let client = format!("10.{place}.{}.{}", number / 250, number % 250);
            let call = (kind.call)(number).header("x-forwarded-for", &client);
            let answer = call.send();
            assert_eq!(answer.status, kind.status, "{}", kind.name);
        }
    }
    let stored = app.stored_names().len() - before.len();
    assert!(stored > 3 * MANY, "only {stored} records to forget");

    assert_eq!(left_over(&app, &mut Ahead::default()), [""; 0]);
    let before: BTreeSet<_> = before.into_iter().collect();
    let after: BTreeSet<_> = app.stored_names().into_iter().collect();
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.len() <= FEW, "{} are new: {new:?}", new.len());
}

/// A new secret of the provider's webhooks.
fn webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random_token(24)))
}

fn kinds<'a>(app: &'a App, issuer: &'a Issuer, users: &'a [User]) -> Vec<Kind<'a>> {
    let post = |path: &'static str, body: Value| app.visitor().call("POST", path).json(&body);
    let list = |token: &str| app.token_bearer(token).call("GET", "/v1/admin/users");
    let stranger = Issuer::new();
    vec![
        kind("wrong API keys", 401, move |_| {
            list(&format!("kb_portal_{}", random_token(32)))
        }),
        kind("JWTs that somebody else signed", 401, move |_| {
            list(&stranger.token(Algorithm::EdDsa, "users"))
        }),
        kind("JWTs without the scope", 403, move |_| {
            list(&issuer.token(Algorithm::EdDsa, "nothing"))
        }),
        kind("webhooks that somebody else signed", 401, |number| {
            unauthentic_webhook(app, number)
        }),
        kind("wrong tokens of a URL", 401, |_| {
            let path = format!("/v1/courier/run?token={}", random_token(32));
            app.visitor().call("GET", &path)
        }),
        kind("checks of unknown tokens", 400, move |_| {
            let body = json!({ "token": random_token(48) });
            post("/v1/reset-password/check", body)
        }),
        kind("checks of passwords", 200, move |_| {
            let body = json!({ "password": strong_password() });
            post("/v1/password-policy/check", body)
        }),
        kind("changes with a wrong password", 401, |number| {
            // Every fourth user does not exist.
            let user = users.get(number % (USERS + 1));
            let id = user.map_or_else(|| random_token(9), |user| user.id.clone());
            let body = json!({
                "user_id": id,
                "current_password": strong_password(),
                "new_password": strong_password(),
            });
            let call = app.portal().call("POST", "/v1/change-password");
            call.json(&body)
        }),
    ]
}

fn kind<'a>(name: &'static str, status: u16, call: impl Fn(usize) -> Call + 'a) -> Kind<'a> {
    let call = Box::new(call);
    Kind { name, status, call }
}

fn unauthentic_webhook(app: &App, number: usize) -> Call {
    let body = json!({ "type": "email.delivered", "data": {} }).to_string();
    let (id, at) = (format!("msg_{number}"), unix_now());
    let seconds = i64::try_from(at).expect("it is soon");
    let signing = standardwebhooks::Webhook::new(&webhook_secret()).expect("it is a secret");
    let signature = signing.sign(&id, seconds, body.as_bytes());
    let call = app.visitor().call("POST", "/v1/email-webhooks/resend");
    call.header("svix-id", &id)
        .header("svix-timestamp", &at.to_string())
        .header("svix-signature", &signature.expect("it can be signed"))
        .header("content-type", "application/json")
        .body(body)
}
