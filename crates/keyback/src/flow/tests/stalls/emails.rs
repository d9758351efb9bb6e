//! Retried emails, and what providers report about them.

use serde_json::{Value, json};

use super::{ANN, CHANGE, at_every_stall, come_back_later, with_ann};
use crate::model::standard_webhook::WebhookSecret;
use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call};

const SECRET: &str = "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==";

#[test]
fn a_failed_email_that_two_have_tried_anew_goes_out_once() {
    let app = with_ann();
    app.env.http.answer_with(422, None);
    let _ = app.forgot(App::EMAIL);
    let _ = app.take_mails();
    let failed = app.emails_in("failed").remove(0);
    app.env.http.answer_with(200, None);
    let id = failed["id"].as_str().unwrap();
    let retry = app.call(&format!("/v1/admin/emails/{id}/retry"), json!({}));
    let meanwhile = |app: &App| app.make(&retry).status;
    at_every_stall(&app, &retry, CHANGE, meanwhile, |app, _, status| {
        assert!([202, 409].contains(&status), "{status}");
        come_back_later(app);
        assert_eq!(app.take_mails().len(), 1);
        assert_eq!(app.emails_in("sent").len(), 1);
    });
}

/// A provider's webhook about `email`.
fn report(app: &App, email: &Value, kind: &str) -> Call {
    let body = json!({
        "type": kind,
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
fn a_report_that_stalls_does_not_replace_a_worse_one() {
    let app = with_ann();
    app.env.variables.set("email_webhook_secret", SECRET);
    let _ = app.forgot(App::EMAIL);
    let email = app.emails_in("sent").remove(0);
    let delivered = report(&app, &email, "email.delivered");
    let bounced = report(&app, &email, "email.bounced");
    let meanwhile = |app: &App| {
        let _ = app.make(&bounced).expect(204);
    };
    at_every_stall(&app, &delivered, CHANGE, meanwhile, |app, _, ()| {
        assert_eq!(app.emails_in("bounced").len(), 1);
    });
}

/// The request does the work on its email and its event itself. The provider accepts no mail for now, so that the next
/// try is due for others while the request may still work on the entry.
#[test]
fn a_request_that_stalls_after_its_mail_was_not_taken_undoes_no_try_of_others() {
    let app = with_ann();
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set("webhook_secret", SECRET);
    app.env.http.answer_with(503, None);
    let move_away = app.call(ANN, json!({"email": App::NOBODY})).by("PATCH");
    let courier = |app: &App| {
        let _ = app.run_courier();
    };
    at_every_stall(&app, &move_away, CHANGE, courier, |app, reply, ()| {
        app.env.http.answer_with(200, None);
        let _ = app.take_mails();
        come_back_later(app);
        assert_eq!(app.emails_in("pending"), Vec::<Value>::new());
        assert!(
            reply.status != 200 || app.take_mails().len() == 1,
            "{reply:?}"
        );
    });
}
