//! What providers report about emails that they accepted.

use serde_json::{Value, json};

use crate::courier::after_response;
use crate::flow::emails::feedback;
use crate::flow::tests::deliveries::user_events;
use crate::model::email::{DeliveryReport, EmailState};
use crate::model::id::EmailId;
use crate::model::standard_webhook::WebhookSecret;
use crate::ports::{Clock as _, Env as _, NoAnswer};
use crate::store::cx::Cx;
use crate::testing::{App, block_on};

mod detached;

const FEEDBACK_SECRET: &str = "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==";

/// A webhook of the provider about an email, signed as Resend signs it.
fn provider_says(app: &App, kind: &str, email: &Value, signed_with: &str) -> crate::testing::Reply {
    let body = json!({
        "type": kind,
        "created_at": "2026-11-23T09:00:00Z",
        "data": {"tags": {"keyback_email_id": email["id"]}},
    });
    let secret = WebhookSecret::parse(signed_with).unwrap();
    let now = app.env.clock().now();
    let signature = secret.sign("msg_1", now, body.to_string().as_bytes());
    let call = app
        .call("/v1/email-webhooks/resend", body)
        .with_header("svix-id", "msg_1")
        .with_header("svix-timestamp", &now.unix_seconds().to_string())
        .with_header("svix-signature", &signature);
    app.make(&call)
}

fn with_sent_mail() -> (App, Value) {
    let app = App::with_account();
    app.env
        .variables
        .set("email_webhook_secret", FEEDBACK_SECRET);
    let _ = app.forgot(App::EMAIL);
    let sent = app.emails_in("sent").remove(0);
    (app, sent)
}

#[test]
fn what_the_provider_says_is_seen_with_the_email_and_with_the_user() {
    let (app, sent) = with_sent_mail();
    let _ = provider_says(&app, "email.delivered", &sent, FEEDBACK_SECRET).expect(204);
    assert_eq!(app.emails_in("delivered").len(), 1);
    assert_eq!(user_events(&app)[0], "email.delivered");
    // A bounce may come after the delivery; earlier reports no longer count.
    let _ = provider_says(&app, "email.bounced", &sent, FEEDBACK_SECRET).expect(204);
    let _ = provider_says(&app, "email.delivered", &sent, FEEDBACK_SECRET).expect(204);
    let _ = provider_says(&app, "email.bounced", &sent, FEEDBACK_SECRET).expect(204);
    let bounced = app.emails_in("bounced");
    assert_eq!(bounced.len(), 1);
    assert!(bounced[0]["last_error"].is_string(), "{bounced:?}");
    assert_eq!(user_events(&app)[..2], ["email.bounced", "email.delivered"]);
    let _ = provider_says(&app, "email.complained", &sent, FEEDBACK_SECRET).expect(204);
    assert_eq!(app.emails_in("complained").len(), 1);
    app.advance(365 * 86_400);
    let _ = app.run_courier();
    assert!(!app.env.store.dump().contains("v1:email-feedback"));
}

#[test]
fn nobody_but_the_provider_says_what_became_of_a_mail() {
    let (app, sent) = with_sent_mail();
    let forged = "whsec_ZmlyZSBmaXJlIGZpcmUgZmlyZSBmaXJlIGZpcmU=";
    let refused = provider_says(&app, "email.bounced", &sent, forged).expect(401);
    assert_eq!(refused.problem(), "not-authentic");
    assert_eq!(app.emails_in("sent").len(), 1);
    let other = app.call("/v1/email-webhooks/postmark", json!({}));
    assert_eq!(app.make(&other).status, 404);
    app.env.variables.set("email_webhook_secret", "");
    let off = provider_says(&app, "email.bounced", &sent, FEEDBACK_SECRET);
    assert_eq!(off.status, 404);
}

#[test]
fn the_fallback_says_what_became_of_mails_too() {
    let (app, sent) = with_sent_mail();
    let other = "whsec_ZmlyZSBmaXJlIGZpcmUgZmlyZSBmaXJlIGZpcmU=";
    let fallback = |provider: &str| {
        for (name, value) in [
            ("email_fallback_provider", provider),
            ("email_fallback_api_key", "re_fallback"),
            ("email_fallback_webhook_secret", other),
        ] {
            app.env.variables.set(name, value);
        }
    };
    let says = |kind: &str, secret: &str| provider_says(&app, kind, &sent, secret).status;
    assert_eq!(says("email.delivered", other), 401);
    // Another account with the same provider: both secrets work.
    fallback("resend");
    assert_eq!(says("email.delivered", other), 204);
    assert_eq!(says("email.bounced", FEEDBACK_SECRET), 204);
    let neither = "whsec_d2F0ZXIgd2F0ZXIgd2F0ZXIgd2F0ZXIgd2F0ZXI=";
    assert_eq!(says("email.complained", neither), 401);
    assert_eq!(app.emails_in("bounced").len(), 1);
    // The first provider's secret may be missing.
    app.env.variables.set("email_webhook_secret", "");
    assert_eq!(says("email.complained", FEEDBACK_SECRET), 401);
    assert_eq!(says("email.complained", other), 204);
    assert_eq!(app.emails_in("complained").len(), 1);
}

#[test]
fn what_is_said_of_an_unknown_mail_is_taken_and_changes_nothing() {
    let (app, _) = with_sent_mail();
    let before = app.env.store.names();
    let unknown = json!({"id": "nobodys"});
    let _ = provider_says(&app, "email.bounced", &unknown, FEEDBACK_SECRET).expect(204);
    assert_eq!(app.env.store.names(), before);
}

#[test]
fn a_mail_that_arrived_unheard_is_not_sent_again() {
    let (app, _) = with_sent_mail();
    app.advance(3_600);
    app.env.http.fail_with(NoAnswer::TimedOut);
    let _ = app.forgot(App::EMAIL);
    let pending = app.emails_in("pending").remove(0);
    let _ = provider_says(&app, "email.delivered", &pending, FEEDBACK_SECRET).expect(204);
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    app.run_courier_for(5);
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.emails_in("delivered").len(), 1);
}

#[test]
fn of_all_that_is_said_in_one_webhook_the_worst_stands() {
    let (app, sent) = with_sent_mail();
    let id = EmailId::parse(sent["id"].as_str().unwrap()).unwrap();
    let said = |state| DeliveryReport {
        email_id: id.clone(),
        state,
        reason: None,
    };
    let both = vec![said(EmailState::Bounced), said(EmailState::Delivered)];
    block_on(async {
        let mut cx = Cx::new(&app.env).await;
        feedback::run(&mut cx, both).await.unwrap();
        after_response::run(&app.env, cx.deferred).await;
    });
    assert_eq!(app.emails_in("bounced").len(), 1);
    assert_eq!(user_events(&app)[0], "email.bounced");
}
