//! A process that dies at any step of sending an email or a webhook.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{at_every_operation, come_back_later, late_in_the_hour, left_over, the_one};
use crate::courier::after_response;
use crate::testing::{App, Call, exchange};

const FIRST: &str = "api.resend.com";
const FALLBACK: &str = "mail.example.org";

/// Leaves a recovery's email to the courier, a minute later.
fn with_a_mail_to_send(app: &App) {
    let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
    let (_, _crashed) = app.answer(&call);
    app.advance(61);
}

async fn run_courier(app: &App, (): &mut ()) {
    let (_, deferred) = exchange(&app.env, &app.call("/v1/courier/run", json!({}))).await;
    after_response::run(&app.env, deferred).await;
}

/// The one email that there is.
#[track_caller]
fn the_email(app: &App) -> Value {
    let emails = app.emails_in("");
    assert_eq!(emails.len(), 1, "{emails:?}");
    emails[0].clone()
}

/// The types of the events of the account that the one email is for, oldest first.
#[track_caller]
fn events(app: &App) -> Vec<String> {
    let user = the_email(app)["user_id"].as_str().unwrap().to_owned();
    let page = app.make(&Call::get(&format!("/v1/admin/users/{user}/events")));
    let page = page.expect(200).json();
    let kinds = page["events"].as_array().unwrap().iter().rev();
    kinds
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_refusal_is_noted_and_told_of_once_or_the_mail_is_offered_again() {
    let app = late_in_the_hour();
    app.env.http.answer_with(422, None);
    with_a_mail_to_send(&app);
    at_every_operation(&app, run_courier, |app, (), operations| {
        let refused = !app.take_mails().is_empty();
        app.env.http.answer_with(200, None);
        come_back_later(&app);
        let offered_again = app.take_mails().len();
        let mut expected = vec!["account.created", "recovery.requested"];
        let state = match (refused, offered_again) {
            (_, 1) => "sent",
            (true, 0) => {
                expected.push("email.failed");
                "failed"
            }
            other => panic!("{other:?} after {operations}"),
        };
        assert_eq!(the_email(&app)["state"], state, "after {operations}");
        assert_eq!(events(&app), expected, "after {operations}");
        assert_eq!(left_over(&app), Vec::<String>::new(), "after {operations}");
    });
}

#[test]
fn a_mail_that_was_to_be_tried_anew_is_if_that_was_promised() {
    let app = late_in_the_hour();
    app.env.http.answer_with(422, None);
    let _ = app.forgot(App::EMAIL).expect(202);
    let key = app.take_mails()[0].idempotency_key.clone();
    let id = the_email(&app)["id"].as_str().unwrap().to_owned();
    app.env.http.answer_with(200, None);
    let retry = async |app: &App, answered: &mut bool| {
        let path = format!("/v1/admin/emails/{id}/retry");
        let (reply, deferred) = exchange(&app.env, &app.call(&path, Value::Null)).await;
        let _ = reply.expect(202);
        *answered = true;
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&app, retry, |app, answered, operations| {
        let sent_before = app.env.http.requests();
        come_back_later(&app);
        let mails = app.take_mails();
        if answered || !mails.is_empty() {
            assert_eq!(the_one(&mails).idempotency_key, key);
            assert!(
                mails.len() == 1 || sent_before == 1,
                "sent twice after {operations}"
            );
            assert_eq!(the_email(&app)["state"], "sent", "after {operations}");
        } else {
            // It can be retried.
            let path = format!("/v1/admin/emails/{id}/retry");
            let _ = app.make(&app.call(&path, Value::Null)).expect(202);
            assert_eq!(app.take_mails().len(), 1, "after {operations}");
        }
        // A process that dies while it holds the email's lease leaves its counter.
        let mut left_over = left_over(&app);
        left_over.retain(|name| !name.starts_with("v1:lease:email."));
        assert_eq!(left_over, Vec::<String>::new(), "after {operations}");
    });
}

#[test]
fn a_courier_that_crashes_at_the_fallback_loses_no_mail() {
    let app = late_in_the_hour();
    for (name, value) in [
        ("email_fallback_provider", "resend"),
        ("email_fallback_api_key", "re_fallback"),
        ("email_fallback_api_origin", "https://mail.example.org"),
    ] {
        app.env.variables.set(name, value);
    }
    app.env.http.answer_from(FIRST, Ok((503, None)));
    with_a_mail_to_send(&app);
    at_every_operation(&app, run_courier, |app, (), operations| {
        come_back_later(&app);
        let requests = app.env.http.take_requests(|_| true);
        let to_fallback = requests
            .iter()
            .filter(|request| request.uri().host() == Some(FALLBACK));
        let keys: Vec<_> = to_fallback
            .map(|request| request.headers()["idempotency-key"].clone())
            .collect();
        assert!((1..=2).contains(&keys.len()), "after {operations}");
        assert_eq!(keys[0], keys[keys.len() - 1], "after {operations}");
        assert_eq!(the_email(&app)["state"], "sent", "after {operations}");
    });
}

#[test]
fn a_mail_that_expired_is_noted_as_such_whatever_crashes() {
    let app = late_in_the_hour();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL).expect(202);
    app.run_courier_for(9);
    let _ = app.take_mails();
    app.env.http.answer_with(200, None);
    app.advance(20 * 60);
    at_every_operation(&app, run_courier, |app, (), operations| {
        come_back_later(&app);
        assert_eq!(app.take_mails(), [], "after {operations}");
        assert_eq!(the_email(&app)["state"], "expired", "after {operations}");
        let expected = ["account.created", "recovery.requested", "email.expired"];
        assert_eq!(events(&app), expected, "after {operations}");
    });
}

#[test]
fn a_mail_that_nobody_tried_in_time_is_written_anew_once_whatever_crashes() {
    let app = late_in_the_hour();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL).expect(202);
    let _ = app.take_mails();
    app.env.http.answer_with(200, None);
    app.advance(20 * 60);
    at_every_operation(&app, run_courier, |app, (), operations| {
        come_back_later(&app);
        let mails = app.take_mails();
        assert!((1..=2).contains(&mails.len()), "after {operations}");
        let last = mails.last().unwrap();
        assert_eq!(mails[0], *last, "the same mail after {operations}");
        assert_eq!(app.emails_in("").len(), 2, "after {operations}");
        assert_eq!(app.emails_in("expired").len(), 1, "after {operations}");
        let reset = app.reset(&last.link(), App::NEW_PASSWORD);
        assert_eq!(reset.status, 204, "after {operations}");
    });
}

#[test]
fn the_portal_is_told_of_every_event_that_is_noted_whatever_crashes() {
    let app = App::default();
    for (name, value) in [
        ("webhook_url", "https://portal.example.test/hooks"),
        (
            "webhook_secret",
            "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==",
        ),
    ] {
        app.env.variables.set(name, value);
    }
    let _ = app.create_account(App::EMAIL).expect(201);
    let link = app.recover().link;
    let before = app.take_webhooks().len();
    let reset = async |app: &App, answered: &mut bool| {
        let body = json!({"token": link, "new_password": App::NEW_PASSWORD});
        let (reply, deferred) = exchange(&app.env, &app.call("/v1/reset-password", body)).await;
        let _ = reply.expect(204);
        *answered = true;
        after_response::run(&app.env, deferred).await;
    };
    at_every_operation(&app, reset, |app, answered, operations| {
        come_back_later(&app);
        let told: Vec<Value> = app
            .take_webhooks()
            .iter()
            .map(|request| serde_json::from_slice(request.body()).unwrap())
            .collect();
        let ids: BTreeSet<&str> = told
            .iter()
            .map(|event| event["data"]["id"].as_str().unwrap())
            .collect();
        let page = app.emails_in("")[0]["user_id"].as_str().unwrap().to_owned();
        let page = app.make(&Call::get(&format!("/v1/admin/users/{page}/events")));
        let page = page.expect(200).json();
        let recorded = page["events"].as_array().unwrap();
        let noted = recorded.len();
        // A number that was drawn before the crash may stay unused.
        let last = recorded[0]["sequence"].as_u64().unwrap();
        let unused = usize::try_from(last).unwrap() - noted;
        assert!(unused <= 1, "after {operations}: {page}");
        assert_eq!(ids.len(), noted - before, "after {operations}: {told:?}");
        // They are sent together.
        assert!(told.len() <= 2 * ids.len(), "after {operations}: {told:?}");
        if answered {
            assert_eq!(ids.len(), 2, "after {operations}: {told:?}");
        }
    });
}
