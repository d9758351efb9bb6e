//! What happens to an email, and what the administrator sees of it.

use serde_json::{Value, json};

use crate::testing::{App, Call};

mod fallback;
mod renewed;
mod useless;

/// Resend's answer for a sender whose domain it has not verified.
const UNVERIFIED: &str = r#"{"statusCode":403,"name":"validation_error","message":"The example.test domain is not verified."}"#;

fn retry(app: &App, email: &Value) -> crate::testing::Reply {
    let path = format!("/v1/admin/emails/{}/retry", email["id"].as_str().unwrap());
    app.make(&app.call(&path, Value::Null))
}

pub(super) fn user_events(app: &App) -> Vec<String> {
    let user = app.emails_in("")[0]["user_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/users/{user}/events");
    let page = app.make(&Call::get(&path)).expect(200).json();
    let events = page["events"].as_array().unwrap();
    let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
    events.iter().map(kind).collect()
}

#[test]
fn an_email_is_seen_from_its_first_try_on_and_never_its_content() {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    let [pending] = &app.emails_in("pending")[..] else {
        panic!("one email");
    };
    assert_eq!(pending["kind"], "recovery");
    assert_eq!(pending["attempts"], 1);
    assert_eq!(pending["provider"], "resend");
    assert_eq!(
        pending["last_error"],
        "resend answered 503: try again later"
    );
    assert!(pending["next_attempt_at"].is_string());

    app.env.http.answer_with(200, None);
    app.run_courier_for(2);
    let [sent] = &app.emails_in("sent")[..] else {
        panic!("one email");
    };
    assert_eq!(sent["id"], pending["id"]);
    assert_eq!(sent["attempts"], 2);
    assert!(sent["last_error"].is_null(), "{sent}");
    assert_eq!(sent["next_attempt_at"], Value::Null);
    assert_eq!(app.emails_in("pending"), Vec::<Value>::new());
    let path = format!("/v1/admin/emails/{}", sent["id"].as_str().unwrap());
    let shown = app.make(&Call::get(&path)).expect(200);
    assert_eq!(shown.json(), *sent);
    assert!(!shown.body.contains(App::EMAIL), "{shown:?}");
    // The content is not kept after sending.
    let id = sent["id"].as_str().unwrap();
    let record = app.env.store.bytes(&format!("v1:outbox:{id}")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["record"]["message"], Value::Null);
}

#[test]
fn emails_are_paged_newest_first_and_forgotten_after_a_month() {
    let app = App::with_account();
    for _ in 0..5 {
        let _ = app.forgot(App::EMAIL);
        app.advance(60);
    }
    let page = |query: &str| {
        let call = Call::get(&format!("/v1/admin/emails?{query}"));
        app.make(&call).expect(200).json()
    };
    let all = page("");
    let all = all["emails"].as_array().unwrap();
    assert_eq!(all.len(), 5);
    let times: Vec<_> = all
        .iter()
        .map(|email| email["created_at"].as_str())
        .collect();
    assert!(
        times.is_sorted_by(|newer, older| newer > older),
        "{times:?}"
    );
    for query in ["limit=2", "limit=2&state=sent"] {
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = page(&format!("{query}{next}"));
            seen.extend(page["emails"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, *all, "{query}");
    }
    app.advance(32 * 86_400);
    let _ = app.run_courier();
    assert_eq!(page("")["emails"], json!([]));
    assert!(!app.env.store.dump().contains("v1:outbox"));
}

#[test]
fn an_unknown_email_is_not_found_and_an_unknown_state_is_refused() {
    let app = App::default();
    let call = |path: &str| app.make(&Call::get(path)).status;
    assert_eq!(call("/v1/admin/emails/nobody"), 404);
    assert_eq!(call("/v1/admin/emails/a.b"), 404);
    assert_eq!(call("/v1/admin/emails?state=lost"), 422);
    assert_eq!(call("/v1/admin/emails?limit=101"), 422);
    assert_eq!(retry(&app, &json!({"id": "nobody"})).status, 404);
}

#[test]
fn a_refused_mail_fails_at_once_is_told_of_and_can_be_tried_anew() {
    let app = App::with_account();
    app.env.http.answer_with(422, None);
    let _ = app.forgot(App::EMAIL);
    let [failed] = &app.emails_in("failed")[..] else {
        panic!("one email");
    };
    assert_eq!(
        failed["last_error"],
        "resend answered 422: it rejected this email"
    );
    assert_eq!(user_events(&app)[0], "email.failed");
    let id = app.take_mails()[0].idempotency_key.clone();

    app.env.http.answer_with(200, None);
    let retried = retry(&app, failed).expect(202).json();
    assert_eq!(retried["state"], "pending");
    assert_eq!(app.take_mails()[0].idempotency_key, id);
    let [sent] = &app.emails_in("sent")[..] else {
        panic!("one email");
    };
    assert!(sent["last_error"].is_null(), "{sent}");
    let refused = retry(&app, failed).expect(409);
    assert_eq!(refused.problem(), "email-not-failed");
}

#[test]
fn another_round_has_ten_tries_of_its_own() {
    let app = App::with_account();
    let link = app.recover().link;
    app.env.http.answer_with(503, None);
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    app.run_courier_for(36 * 60);
    assert_eq!(app.take_mails().len(), 10);
    let failed = app.emails_in("failed");
    let _ = retry(&app, &failed[0]).expect(202);
    app.run_courier_for(36 * 60);
    assert_eq!(app.take_mails().len(), 10);
    assert_eq!(app.emails_in("failed")[0]["attempts"], 20);
}

#[test]
fn a_sender_that_is_not_verified_fails_at_once_and_the_mail_can_be_tried_when_it_is() {
    let app = App::with_account();
    app.env.http.answer_with(403, None);
    app.env.http.answer_body_from("api.resend.com", UNVERIFIED);
    let _ = app.forgot(App::EMAIL);
    let failed = app.emails_in("failed").remove(0);
    assert_eq!(
        failed["last_error"],
        "resend answered 403 validation_error: the sender is not accepted"
    );
    assert_eq!(user_events(&app)[0], "email.failed");
    app.run_courier_for(3);
    assert_eq!(app.take_mails().len(), 1);
    app.env.http.answer_with(200, None);
    let _ = retry(&app, &failed).expect(202);
    assert_eq!(app.take_mails().len(), 1);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn each_round_that_fails_is_told_of() {
    let app = App::with_account();
    app.env.http.answer_with(422, None);
    let _ = app.forgot(App::EMAIL);
    let failed = app.emails_in("failed").remove(0);
    let _ = retry(&app, &failed).expect(202);
    let events = user_events(&app);
    assert_eq!(
        events[..3],
        ["email.failed", "email.retried", "email.failed"]
    );
}

#[test]
fn an_email_whose_secret_no_longer_works_is_not_sent_again() {
    let app = App::default();
    let user = app.create_account(App::EMAIL).expect(201).text("id");
    let path = format!("/v1/admin/users/{user}");
    let reset = app.call(
        &format!("{path}/reset-password"),
        json!({"generate": true, "send_email": true}),
    );
    let recovery = app.call(&format!("{path}/recovery"), json!({"deliver": "email"}));
    let useless: [(&Call, Call); 4] = [
        (&recovery, recovery.clone()),
        (&reset, reset.clone()),
        (
            &recovery,
            app.call(&path, json!({"disabled": true})).by("PATCH"),
        ),
        (&reset, app.call(&path, Value::Null).by("DELETE")),
    ];
    for (first, then) in &useless {
        let app = app.fork();
        app.env.http.answer_with(422, None);
        let _ = app.make(first);
        let [failed] = &app.emails_in("failed")[..] else {
            panic!("one email");
        };
        assert_eq!(retry(&app.fork(), failed).status, 202);
        let done = app.make(then);
        assert_eq!(done.status / 100, 2, "{done:?}");
        let refused = retry(&app, failed).expect(409);
        assert!(refused.body.contains("email-not-failed"), "{refused:?}");
    }
}
