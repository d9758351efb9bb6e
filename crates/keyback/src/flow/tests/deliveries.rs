//! What becomes of a mail, and what the administrator sees of it.

use serde_json::{Value, json};

use crate::ports::NoAnswer;
use crate::testing::{App, Call, run_while};

const FALLBACK: &str = "mail.example.org";

fn with_fallback() -> App {
    let app = App::with_account();
    for (name, value) in [
        ("email_fallback_provider", "resend"),
        ("email_fallback_api_key", "re_fallback"),
        ("email_fallback_api_origin", "https://mail.example.org"),
    ] {
        app.env.variables.set(name, value);
    }
    app
}

/// To which hosts mails went.
fn hosts(app: &App) -> Vec<String> {
    let requests = app.env.http.take_requests(|_| true);
    let host = |request: &::http::Request<_>| request.uri().host().unwrap().to_owned();
    requests.iter().map(host).collect()
}

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
    assert_eq!(sent["next_attempt_at"], Value::Null);
    assert_eq!(app.emails_in("pending"), Vec::<Value>::new());
    let path = format!("/v1/admin/emails/{}", sent["id"].as_str().unwrap());
    let shown = app.make(&Call::get(&path)).expect(200);
    assert_eq!(shown.json(), *sent);
    assert!(!shown.body.contains(App::EMAIL), "{shown:?}");
    // Nothing is kept of what was sent.
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
        "resend answered 422: it does not take this mail"
    );
    assert_eq!(user_events(&app)[0], "email.failed");
    let id = app.take_mails()[0].idempotency_key.clone();

    app.env.http.answer_with(200, None);
    let retried = retry(&app, failed).expect(202).json();
    assert_eq!(retried["state"], "pending");
    assert_eq!(app.take_mails()[0].idempotency_key, id);
    assert_eq!(app.emails_in("sent").len(), 1);
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
fn a_mail_that_has_expired_is_marked_and_not_sent() {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    app.advance(20 * 60);
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    let report = app.run_courier().json();
    assert_eq!(report["expired"], 1);
    assert_eq!(app.take_mails(), []);
    assert_eq!(app.emails_in("expired").len(), 1);
    assert_eq!(user_events(&app)[0], "email.expired");
    let expired = &app.emails_in("expired")[0];
    assert_eq!(retry(&app, expired).status, 409);
}

#[test]
fn a_mail_whose_link_a_newer_one_has_killed_is_not_sent() {
    let app = App::with_account();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    let _ = app.take_mails();
    app.env.http.answer_with(200, None);
    app.advance(61);
    // The first request of a minute works what is due: the older mail's second try comes after the newer's first.
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(3);
    assert_eq!(app.take_mails().len(), 1);
    assert_eq!(app.emails_in("expired").len(), 1);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn the_fallback_gets_what_the_first_provider_does_not_take() {
    let app = with_fallback();
    app.env.http.answer_from("api.resend.com", Ok((500, None)));
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn the_fallback_gets_nothing_that_the_first_provider_may_have() {
    let app = with_fallback();
    let unsure = Err(NoAnswer::TimedOut);
    app.env.http.answer_from("api.resend.com", unsure);
    let _ = app.forgot(App::EMAIL);
    app.run_courier_for(2);
    assert_eq!(hosts(&app), ["api.resend.com"; 2]);
    assert_eq!(app.emails_in("pending").len(), 1);
    // In the end, twice is better than never.
    app.run_courier_for(3);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    assert_eq!(app.emails_in("sent").len(), 1);
}

#[test]
fn what_the_first_provider_refuses_for_good_goes_to_nobody() {
    let app = with_fallback();
    app.env.http.answer_from("api.resend.com", Ok((422, None)));
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com"]);
    assert_eq!(app.emails_in("failed").len(), 1);
}

/// What Resend says of a sender whose domain it has not verified.
const UNVERIFIED: &str = r#"{"statusCode":403,"name":"validation_error","message":"The example.test domain is not verified."}"#;

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
fn the_fallback_gets_what_the_first_provider_does_not_take_from_its_sender() {
    let app = with_fallback();
    let refused = || Ok((403, None));
    app.env.http.answer_from("api.resend.com", refused());
    for host in ["api.resend.com", FALLBACK] {
        app.env.http.answer_body_from(host, UNVERIFIED);
    }
    // The fallback may know the sender.
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app), ["api.resend.com", FALLBACK]);
    assert_eq!(app.emails_in("sent").len(), 1);
    // While the fallback may take it, it is tried again.
    app.advance(61);
    app.env.http.answer_from(FALLBACK, Ok((503, None)));
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app).len(), 2);
    let pending = app.emails_in("pending").remove(0);
    assert_eq!(
        pending["last_error"],
        "resend answered 503 validation_error: try again later"
    );
    // Neither knows it.
    app.env.http.answer_from(FALLBACK, refused());
    app.run_courier_for(2);
    assert_eq!(hosts(&app).len(), 2);
    assert_eq!(app.emails_in("failed").len(), 1);
}

#[test]
fn while_neither_provider_takes_it_a_mail_is_tried_again() {
    let app = with_fallback();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(App::EMAIL);
    assert_eq!(hosts(&app).len(), 2);
    assert_eq!(app.emails_in("pending")[0]["provider"], "resend");
    app.env.http.answer_from(FALLBACK, Ok((422, None)));
    app.run_courier_for(2);
    assert_eq!(app.emails_in("pending").len(), 1);
    app.env.http.answer_with(200, None);
    app.run_courier_for(4);
    assert_eq!(app.emails_in("sent").len(), 1);
}

/// An account whose mailed password waits for a provider that takes it.
fn with_waiting_password() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app.env.http.answer_with(503, None);
    mail_a_password(&app);
    let _ = app.take_mails();
    app
}

fn mail_a_password(app: &App) {
    let body = json!({"generate": true, "send_email": true});
    let call = app.call("/v1/admin/users/ann/reset-password", body);
    let _ = app.make(&call).expect(200);
}

fn temporary_passwords(app: &App) -> usize {
    let mails = app.take_mails();
    mails
        .iter()
        .filter(|mail| mail.subject.contains("new Keyback password"))
        .count()
}

#[test]
fn a_waiting_password_goes_out_while_it_works_and_the_address_is_the_account_s() {
    let app = with_waiting_password();
    // An order to change it leaves it good.
    for required in [false, true] {
        let body = json!({"required": required});
        let order = app
            .call("/v1/admin/users/ann/password-change", body)
            .by("PUT");
        let _ = app.make(&order).expect(204);
    }
    app.env.http.answer_with(200, None);
    app.run_courier_for(3);
    assert_eq!(temporary_passwords(&app), 1);
}

#[test]
fn a_waiting_password_does_not_go_to_an_address_that_was_given_up() {
    let app = with_waiting_password();
    let moved = json!({"email": "ann@example.org"});
    let _ = app
        .make(&app.call("/v1/admin/users/ann", moved).by("PATCH"))
        .expect(200);
    app.env.http.answer_with(200, None);
    let _ = app.take_mails();
    app.run_courier_for(3);
    assert_eq!(temporary_passwords(&app), 0);
    assert_eq!(app.emails_in("expired").len(), 1);
}

#[test]
fn a_waiting_password_that_was_replaced_or_whose_account_is_gone_is_not_sent() {
    let replaced = with_waiting_password();
    mail_a_password(&replaced);
    let gone = with_waiting_password();
    let _ = gone.make(&gone.call("/v1/admin/users/ann", Value::Null).by("DELETE"));
    for (app, sent) in [(replaced, 1), (gone, 0)] {
        let _ = app.take_mails();
        app.env.http.answer_with(200, None);
        app.run_courier_for(3);
        assert_eq!(temporary_passwords(&app), sent);
        assert_eq!(app.emails_in("expired").len(), 1);
    }
}

#[test]
fn a_recovery_mail_that_a_crash_held_up_is_not_sent_after_a_newer_one() {
    let mut held_up = 0;
    for operations in 0..100 {
        let app = App::with_account();
        let call = app.call("/v1/forgot-password", json!({"email": App::EMAIL}));
        let (_, afterwards) = app.answer(&call);
        app.env.store.halt_after(Some(operations));
        let _ = run_while(afterwards.run(&app.env), || !app.env.store.is_halted());
        app.env.store.halt_after(None);
        let written = app.env.store.dump().contains("v1:outbox:");
        if !written || app.env.http.requests() > 0 {
            continue;
        }
        held_up += 1;
        app.advance(61);
        let newer = app.forgot(App::EMAIL).expect(202).text("challenge_id");
        app.run_courier_for(3);
        // Whichever of the two is worked on first, the code of the last mail is the one that works.
        let mails = app.take_mails();
        let last = mails.last().expect("a mail");
        assert_eq!(app.verify(&newer, &last.code()).status, 200, "{operations}");
    }
    assert!(held_up > 0, "the mail was written and not sent");
}

#[test]
fn each_round_that_fails_is_told_of() {
    let app = App::with_account();
    app.env.http.answer_with(422, None);
    let _ = app.forgot(App::EMAIL);
    let failed = app.emails_in("failed").remove(0);
    let _ = retry(&app, &failed).expect(202);
    assert_eq!(user_events(&app)[..2], ["email.failed", "email.failed"]);
}
