//! `POST /v1/email-webhooks/:provider`: what the provider reports about an email that it accepted. Resend stands for
//! all; the unit tests cover the others.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use standardwebhooks::Webhook;

use crate::app::{
    Answer, App, Caller as _, User, random_token, strong_password, unix_now, wait_for,
};
use crate::v1::admin::{emails::wait_for_state, users::events::wait_for_events};

/// An app, and the secret that it shares with its provider.
struct Desk {
    app: App,
    secret: String,
}

impl Desk {
    fn open() -> Self {
        let secret = new_secret();
        let app = App::builder()
            .variable("email_webhook_secret", secret.as_str())
            .start();
        Self { app, secret }
    }

    /// A user whose temporary password the provider took, and the email's id.
    #[track_caller]
    fn mailed(&self) -> (User, String) {
        let user = self.app.create_user();
        let order = json!({ "password": strong_password(), "send_email": true });
        let reset = self.app.portal().reset_users_password(&user.id, &order);
        let reset = reset.expect_json(200);
        self.app.sink().wait_for_mail(&user.email);
        // Created, changed, to be changed, signed out.
        wait_for_events(&self.app, &user.id, 4);
        let id = reset["email_id"].as_str().expect("the email has an id");
        wait_for_state(&self.app, id, "sent");
        (user, id.to_owned())
    }

    /// Reports this about the email as the provider does, signed with this secret at this time.
    fn say(&self, secret: &str, at: u64, body: &Value) -> Answer {
        self.say_other(secret, at, body, body)
    }

    /// Signs one body and sends another.
    fn say_other(&self, secret: &str, at: u64, signed: &Value, sent: &Value) -> Answer {
        let id = format!("msg_{}", random_token(12));
        let seconds = i64::try_from(at).expect("it is soon");
        let signature = Webhook::new(secret)
            .and_then(|secret| secret.sign(&id, seconds, signed.to_string().as_bytes()))
            .expect("the secret is one");
        let call = self.app.visitor().call("POST", "/v1/email-webhooks/resend");
        call.header("svix-id", &id)
            .header("svix-timestamp", &at.to_string())
            .header("svix-signature", &signature)
            .json(sent)
            .send()
    }

    #[track_caller]
    fn email(&self, id: &str) -> Value {
        self.app.portal().find_email(id).expect_json(200)
    }
}

fn new_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random_token(24)))
}

/// A webhook like those of <https://resend.com/docs/webhooks/emails/bounced>.
fn event(kind: &str, email_id: &str) -> Value {
    let mut data = json!({
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": "Keyback <no-reply@example.test>",
        "subject": "A password",
        "tags": { "keyback_email_id": email_id },
    });
    if kind == "email.bounced" {
        data["bounce"] = json!({ "type": "Permanent", "subType": "Suppressed", "message": "…" });
    }
    json!({ "type": kind, "created_at": "2026-11-23T09:00:00.000Z", "data": data })
}

#[test]
fn what_became_of_a_mail_is_shown_and_stands_among_its_user_s_events() {
    let desk = Desk::open();
    for (kind, state) in [
        ("email.delivered", "delivered"),
        ("email.bounced", "bounced"),
        ("email.complained", "complained"),
    ] {
        let (user, id) = desk.mailed();
        let said = event(kind, &id);
        desk.say(&desk.secret, unix_now(), &said).expect_nothing();
        let email = desk.email(&id);
        assert_eq!(email["state"], state, "{email}");
        assert_eq!(email["last_error"].is_null(), state == "delivered");
        let listed = desk
            .app
            .portal()
            .get(&format!("/v1/admin/emails?state={state}"));
        assert_eq!(listed.expect_json(200)["emails"], json!([email]));

        let told = &wait_for_events(&desk.app, &user.id, 5)[0];
        assert_eq!(told["type"], kind);
        assert_eq!(told["actor"], json!({ "kind": "system" }));
        let about = json!({ "id": id, "kind": "temporary-password" });
        assert_eq!(told["email"], about);
        // Reported again, it changes nothing.
        desk.say(&desk.secret, unix_now(), &said).expect_nothing();
        desk.app.portal().run_courier().expect_status(200);
        assert_eq!(desk.email(&id), email);
        assert_eq!(wait_for_events(&desk.app, &user.id, 5).len(), 5);
    }
}

#[test]
fn a_complaint_stands_whatever_is_said_later() {
    let desk = Desk::open();
    let (_, id) = desk.mailed();
    for kind in [
        "email.delivered",
        "email.complained",
        "email.bounced",
        "email.delivered",
    ] {
        let said = event(kind, &id);
        desk.say(&desk.secret, unix_now(), &said).expect_nothing();
    }
    assert_eq!(desk.email(&id)["state"], "complained");
}

#[test]
fn what_is_not_the_provider_s_is_refused_and_changes_nothing() {
    let desk = Desk::open();
    let (_, id) = desk.mailed();
    let before = desk.email(&id);
    let (said, other) = (event("email.bounced", &id), event("email.delivered", &id));
    let now = unix_now();
    for refused in [
        desk.say(&new_secret(), now, &said),
        desk.say(&desk.secret, now - 400, &said),
        desk.say(&desk.secret, now + 400, &said),
        desk.say_other(&desk.secret, now, &other, &said),
        desk.app.visitor().post("/v1/email-webhooks/resend", &said),
        desk.app.portal().post("/v1/email-webhooks/resend", &said),
    ] {
        refused.expect_problem(401, "not-authentic");
    }
    for path in ["postmark", "webhook", "resend2"] {
        let path = format!("/v1/email-webhooks/{path}");
        let elsewhere = desk.app.visitor().post(&path, &said);
        elsewhere.expect_problem(404, "not-found");
    }
    assert_eq!(desk.email(&id), before);
    // Webhooks about other emails, or of another kind, are accepted and ignored.
    for left_out in [
        event("email.bounced", &random_token(16)),
        event("email.bounced", "a.b"),
        event("email.opened", &id),
        json!({ "type": "contact.created", "data": {} }),
        json!({}),
    ] {
        desk.say(&desk.secret, now, &left_out).expect_nothing();
    }
    assert_eq!(desk.email(&id), before);
}

#[test]
fn the_second_provider_tells_too_with_a_secret_of_its_own() {
    let credentials = format!("provider:{}", random_token(16));
    let secret = new_secret();
    let app = App::builder()
        .variable("email_webhook_secret", secret.as_str())
        .variable("email_fallback_provider", "postmark")
        .variable("email_fallback_api_key", "a-server-token")
        .variable("email_fallback_webhook_secret", credentials.as_str())
        .start();
    let desk = Desk { app, secret };
    let (_, id) = desk.mailed();
    let bounce = json!({
        "RecordType": "Bounce",
        "Type": "SoftBounce",
        "Metadata": { "keyback_email_id": id },
    });
    let say = |credentials: &str| {
        let call = desk
            .app
            .visitor()
            .call("POST", "/v1/email-webhooks/postmark");
        call.header(
            "authorization",
            &format!("Basic {}", STANDARD.encode(credentials)),
        )
        .json(&bounce)
        .send()
    };
    say(&format!("{credentials}0")).expect_problem(401, "not-authentic");
    assert_eq!(desk.email(&id)["state"], "sent");
    say(&credentials).expect_nothing();
    let email = desk.email(&id);
    assert_eq!(email["state"], "bounced");
    assert_eq!(
        email["last_error"],
        "temporarily rejected by the recipient's server: SoftBounce"
    );
    // The first provider's webhooks still work.
    let said = event("email.complained", &id);
    desk.say(&desk.secret, unix_now(), &said).expect_nothing();
    assert_eq!(desk.email(&id)["state"], "complained");
}

#[test]
fn what_mailgun_signed_once_is_good_for_one_body_and_its_own_refusals_are_told() {
    let key = random_token(32);
    let desk = Desk::open();
    let (_, id) = desk.mailed();
    let (_, other) = desk.mailed();
    // The emails stay, but they have another provider from now on.
    let app = desk
        .app
        .stop()
        .variable("email_provider", "mailgun")
        .variable("email_webhook_secret", key.as_str())
        .start();
    let now = unix_now().to_string();
    let token = random_token(50);
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("an HMAC takes any key");
    let mac = mac.chain_update(format!("{now}{token}")).finalize();
    let mac: String = mac
        .into_bytes()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    let signature = json!({ "timestamp": now, "token": token, "signature": mac });
    let say = |event: &Value| {
        let body = json!({ "signature": signature, "event-data": event });
        app.visitor().post("/v1/email-webhooks/mailgun", &body)
    };
    let suppressed = json!({
        "event": "failed",
        "severity": "permanent",
        "reason": "suppress-unsubscribe",
        "delivery-status": { "code": 606 },
        "user-variables": { "keyback_email_id": id },
    });
    say(&suppressed).expect_nothing();
    let email = app.portal().find_email(&id).expect_json(200);
    assert_eq!(email["state"], "bounced");
    assert_eq!(email["last_error"], "the provider did not send it: 606");
    let delivered = json!({
        "event": "delivered",
        "user-variables": { "keyback_email_id": other },
    });
    say(&delivered).expect_problem(401, "not-authentic");
    let untouched = app.portal().find_email(&other).expect_json(200);
    assert_eq!(untouched["state"], "sent");
    say(&suppressed).expect_nothing();
}

#[test]
fn an_event_that_nobody_knows_is_named_in_the_log() {
    let desk = Desk::open();
    let (_, id) = desk.mailed();
    for kind in ["email.teleported", "ann@example.test", "email.opened"] {
        let said = event(kind, &id);
        desk.say(&desk.secret, unix_now(), &said).expect_nothing();
    }
    let log = wait_for(|| {
        let log = desk.app.log();
        let is_there = log.contains("webhook-not-understood provider=resend type=unnamed");
        if is_there { Ok(log) } else { Err(log) }
    });
    assert!(log.contains("webhook-not-understood provider=resend type=email.teleported"));
    assert!(!log.contains("ann@example.test") && !log.contains("email.opened"));
}

#[test]
fn without_a_secret_nothing_is_taken() {
    let app = App::shared();
    let said = event("email.bounced", &random_token(16));
    app.visitor()
        .post("/v1/email-webhooks/resend", &said)
        .expect_problem(404, "not-found");
}
