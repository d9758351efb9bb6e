//! Emails, what providers report about them, and the courier.

use serde_json::{Value, json};

use super::{at_every_lost_answer, come_back_later, events, take_different_mails, with_ann};
use crate::model::standard_webhook::WebhookSecret;
use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call};

const SECRET: &str = "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==";

#[test]
fn a_failed_email_that_is_tried_anew_goes_out_once() {
    let app = with_ann();
    app.env.http.answer_with(422, None);
    let _ = app.forgot(App::EMAIL);
    let _ = app.take_mails();
    let failed = app.emails_in("failed").remove(0);
    app.env.http.answer_with(200, None);
    let id = failed["id"].as_str().unwrap();
    let call = app.call(&format!("/v1/admin/emails/{id}/retry"), json!({}));
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!(reply.status < 300 || reply.status == 503, "{reply:?}");
        let again = app.make(&call).status;
        assert!(again < 300 || again == 409, "{again}");
        come_back_later(app);
        assert_eq!(take_different_mails(app), [true]);
        assert_eq!(app.emails_in("sent").len(), 1);
    });
}

fn bounced(app: &App, email: &Value) -> Call {
    let body = json!({
        "type": "email.bounced",
        "created_at": "2026-11-23T09:00:00Z",
        "data": {"tags": {"keyback_email_id": email["id"]}},
    });
    let secret = WebhookSecret::parse(SECRET).unwrap();
    let now = app.env.clock().now();
    let signature = secret.sign("msg_1", now, body.to_string().as_bytes());
    app.call("/v1/email-webhooks/resend", body)
        .with_header("svix-id", "msg_1")
        .with_header("svix-timestamp", &now.unix_seconds().to_string())
        .with_header("svix-signature", &signature)
}

#[test]
fn what_a_provider_says_twice_is_noted_once() {
    let app = with_ann();
    app.env.variables.set("email_webhook_secret", SECRET);
    let _ = app.forgot(App::EMAIL);
    let call = bounced(&app, &app.emails_in("sent").remove(0));
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let _ = app.make(&call).expect(204);
        assert_eq!(app.emails_in("bounced").len(), 1);
        assert_eq!(events(app, "email.bounced"), 1);
    });
}

/// What is left of `app` after everything has expired.
fn left_over(app: &App) -> Vec<String> {
    for _ in 0..3 {
        app.advance(365 * 86_400);
        let _ = app.run_courier();
    }
    let fresh = with_ann();
    fresh.advance(365 * 86_400);
    let _ = fresh.run_courier();
    app.left_over(&fresh)
}

#[test]
fn a_courier_that_hears_no_answer_loses_nothing_and_sends_nothing_twice() {
    let app = with_ann();
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.advance(61);
    let later = app.fork();
    let _ = later.run_courier();
    let _ = later.take_mails();
    later.advance(2 * 86_400);
    let courier = app.call("/v1/courier/run", json!({}));
    for (app, mails) in [(app, vec![true]), (later, vec![])] {
        let _ = at_every_lost_answer(&app, &courier, |app, reply| {
            assert!([200, 503].contains(&reply.status), "{reply:?}");
            come_back_later(app);
            assert_eq!(take_different_mails(app), mails);
            assert_eq!(left_over(app), Vec::<String>::new());
        });
    }
}

/// One entry holds the email about a changed address and the event for the portal.
#[test]
fn a_mail_that_a_provider_does_not_take_at_first_comes_later_though_another_task_follows_it() {
    let app = with_ann();
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set("webhook_secret", SECRET);
    app.env
        .http
        .answer_by(|request| match request.uri().host() {
            Some("portal.example.test") => Ok((200, None)),
            _ => Ok((503, None)),
        });
    let move_away = app.call("/v1/admin/users/ann", json!({"email": App::NOBODY}));
    let move_away = move_away.by("PATCH");
    let left_behind = app.fork();
    let (_, _crashed) = left_behind.answer(&move_away);
    left_behind.advance(61);
    let courier = app.call("/v1/courier/run", json!({}));
    for (app, call) in [(app, move_away), (left_behind, courier)] {
        let _ = at_every_lost_answer(&app, &call, |app, reply| {
            app.env.http.answer_by(|_| Ok((200, None)));
            let _ = app.take_mails();
            come_back_later(app);
            assert_eq!(app.emails_in("pending"), Vec::<Value>::new(), "{reply:?}");
            let is_promised = reply.status == 200;
            let mails = take_different_mails(app);
            assert!(
                mails == [false] || mails.is_empty() && !is_promised,
                "{mails:?}"
            );
        });
    }
}
