//! What a provider may do with an email, and what is shown of it.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{mail_password, wait_for_email, wait_for_state, wait_for_tries};
use crate::app::{App, AppBuilder, MailSink, Provider, unix_seconds};
use crate::v1::admin::users::events::wait_for_events;

const fn fails(status: u16, retry_after: Option<u32>) -> Provider {
    Provider::Fails {
        status,
        retry_after,
    }
}

/// The seconds from the last try to the next one.
#[track_caller]
fn wait(email: &Value) -> i64 {
    unix_seconds(&email["next_attempt_at"]) - unix_seconds(&email["updated_at"])
}

/// Asserts that an error is shown in Keyback's own words.
#[track_caller]
fn assert_told(email: &Value, says: &str, secrets: &[&str]) {
    let error = email["last_error"].as_str();
    let error = error.unwrap_or_else(|| panic!("no error in {email}"));
    assert!(error.contains(says), "{error}");
    for secret in secrets {
        assert!(!email.to_string().contains(secret), "{email}");
    }
}

#[test]
fn a_mail_that_the_provider_does_not_take_now_is_tried_again_later() {
    let app = App::start();
    for (behaviour, says, least_wait) in [
        (fails(500, None), "500", 15),
        // The operator can correct the key.
        (fails(401, None), "401", 15),
        (Provider::HangsUp, "", 15),
        (Provider::Babbles, "", 15),
        (Provider::Redirects, "307", 15),
        (Provider::IsSomebodyElse, "200", 15),
        (Provider::Hangs, "timed out", 15),
    ] {
        let user = app.create_user();
        app.sink().provider(behaviour);
        let id = mail_password(&app, &user);
        let email = wait_for_tries(&app, &id, 1);
        assert_eq!(email["state"], "pending", "{behaviour:?}: {email}");
        assert_eq!(email["provider"], "resend", "{behaviour:?}: {email}");
        let (wait, most) = (wait(&email), least_wait.max(18));
        assert!(
            (least_wait..=most + 1).contains(&wait),
            "{behaviour:?}: {wait} s"
        );
        let api_key = app.variable("email_api_key");
        assert_told(&email, says, &[&user.email, "told to fail", api_key]);

        // Nothing more happens before that time, even if the courier runs.
        let attempts = app.sink().attempts(&user.email);
        let seen = usize::from(behaviour != Provider::Babbles);
        assert_eq!(attempts.len(), seen, "{behaviour:?}");
        app.sink().provider(Provider::Accepts);
        app.portal().run_courier().expect_status(200);
        assert_eq!(app.portal().find_email(&id).expect_json(200), email);
        assert_eq!(app.sink().accepted(&user.email), 0, "{behaviour:?}");
    }
}

#[test]
fn a_provider_that_takes_no_mail_now_is_left_alone_for_as_long_as_it_asks_and_no_try_is_charged() {
    let app = App::start();
    for (behaviour, says, least_wait) in [
        (fails(503, Some(300)), "503", 300),
        (fails(429, None), "429", 15),
        (fails(429, Some(900)), "429", 900),
    ] {
        let user = app.create_user();
        app.sink().provider(behaviour);
        let id = mail_password(&app, &user);
        let email = wait_for_email(&app, &id, |email| email["last_error"].is_string());
        assert_eq!(email["state"], "pending", "{behaviour:?}: {email}");
        assert_eq!(email["attempts"], 0, "{behaviour:?}: {email}");
        let (wait, most) = (wait(&email), least_wait.max(18));
        assert!(
            (least_wait..=most + 1).contains(&wait),
            "{behaviour:?}: {wait} s"
        );
        assert_told(&email, says, &[&user.email, "told to fail"]);
        app.sink().provider(Provider::Accepts);
        app.portal().run_courier().expect_status(200);
        assert_eq!(app.portal().find_email(&id).expect_json(200), email);
        assert_eq!(app.sink().attempts(&user.email).len(), 1, "{behaviour:?}");
    }
}

#[test]
fn a_mail_that_the_provider_refuses_has_failed_and_its_user_s_events_tell_so() {
    let app = App::start();
    for status in [400, 422] {
        let user = app.create_user();
        app.sink().provider(fails(status, None));
        let id = mail_password(&app, &user);
        let email = wait_for_state(&app, &id, "failed");
        assert_eq!(email["attempts"], 1);
        assert!(email["next_attempt_at"].is_null(), "{email}");
        assert_told(&email, &status.to_string(), &[&user.email, "told to fail"]);
        // The account's creation, the change with what goes with it, and the failure.
        let events = wait_for_events(&app, &user.id, 5);
        assert_eq!(events[0]["type"], "email.failed", "{events:?}");
        assert_eq!(events[0]["actor"], json!({ "kind": "system" }));
        let about = json!({ "id": id, "kind": "temporary-password" });
        assert_eq!(events[0]["email"], about);
        assert_eq!(events[0]["reason"], email["last_error"]);
        app.sink().provider(Provider::Accepts);
        app.portal().run_courier().expect_status(200);
        assert_eq!(app.sink().attempts(&user.email).len(), 1);
    }
}

#[test]
fn a_provider_that_hangs_keeps_no_caller_and_no_other_mail_waiting() {
    let app = App::start();
    let (stuck, other) = (app.create_user(), app.create_user());
    app.sink().provider(Provider::Hangs);
    let id = mail_password(&app, &stuck);
    let before = app.portal().find_email(&id).expect_json(200);
    assert_eq!(before["state"], "pending");
    app.sink().provider(Provider::Accepts);
    app.recover(&other);
    wait_for_tries(&app, &id, 1);
}

#[test]
fn a_sender_that_the_provider_does_not_know_fails_at_once_until_it_does() {
    let app = App::start();
    let user = app.create_user();
    app.sink().provider(Provider::RefusesSender);
    let id = mail_password(&app, &user);
    let email = wait_for_state(&app, &id, "failed");
    assert_eq!(email["attempts"], 1);
    assert_told(&email, "the sender is not accepted", &[&user.email]);
    app.sink().provider(Provider::Accepts);
    app.portal().retry_email(&id).expect_json(202);
    let mail = app.sink().wait_for_mail(&user.email);
    app.change_token(&user.email, &mail.password());
}

#[test]
fn what_a_provider_said_that_it_has_is_not_sent_again_whatever_becomes_of_its_answer() {
    let app = App::start();
    let user = app.create_user();
    app.sink().provider(Provider::Stalls);
    let id = mail_password(&app, &user);
    let email = wait_for_state(&app, &id, "sent");
    assert_eq!(email["attempts"], 1, "{email}");
    app.sink().provider(Provider::Accepts);
    app.portal().run_courier().expect_status(200);
    assert_eq!(app.sink().attempts(&user.email).len(), 0);
}

/// An app with a second provider, whose emails the tests see.
fn with_fallback(fallback: &MailSink) -> AppBuilder {
    App::builder()
        .variable("email_fallback_provider", "resend")
        .variable("email_fallback_api_origin", fallback.origin())
        .variable("email_fallback_api_key", "re_fallback")
        .variable("email_fallback_from", "Spare <spare@example.test>")
}

#[test]
fn a_provider_that_is_out_of_reach_or_does_not_know_the_sender_leaves_the_mail_to_the_other() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.local_addr().expect("it has an address")
    };
    for (origin, behaviour) in [
        (Some(format!("http://{closed}")), Provider::Accepts),
        (
            Some("https://provider.invalid".to_owned()),
            Provider::Accepts,
        ),
        (None, Provider::RefusesSender),
    ] {
        let fallback = MailSink::start();
        let mut app = with_fallback(&fallback);
        if let Some(origin) = &origin {
            app = app.variable("email_api_origin", origin);
        }
        let app = app.start();
        app.sink().provider(behaviour);
        let user = app.create_user();
        let id = mail_password(&app, &user);
        let email = wait_for_state(&app, &id, "sent");
        assert_eq!(email["attempts"], 1, "{origin:?}: {email}");
        assert_eq!(fallback.accepted(&user.email), 1, "{origin:?}");
    }
}

#[test]
fn what_one_provider_does_not_take_now_goes_to_the_other() {
    let fallback = MailSink::start();
    let app = with_fallback(&fallback).start();
    let user = app.create_user();
    app.sink().provider(fails(503, None));
    let id = mail_password(&app, &user);
    let mail = fallback.wait_for_mail(&user.email);
    assert_eq!(mail.from, "Spare <spare@example.test>");
    assert_eq!(mail.authorization.as_deref(), Some("Bearer re_fallback"));
    let email = wait_for_state(&app, &id, "sent");
    assert_eq!(email["attempts"], 1);
    app.change_token(&user.email, &mail.password());

    // An email that no provider will ever accept does not go to the other one either.
    app.sink().provider(fails(422, None));
    let id = mail_password(&app, &user);
    wait_for_state(&app, &id, "failed");
    // Nor does an email that the first one may have accepted, because no answer came.
    app.sink().provider(Provider::HangsUp);
    let id = mail_password(&app, &user);
    let email = wait_for_tries(&app, &id, 1);
    assert_eq!(email["state"], "pending", "{email}");
    // An email that the other one refuses stays pending.
    app.sink().provider(fails(503, None));
    fallback.provider(fails(422, None));
    let id = mail_password(&app, &user);
    let email = wait_for_tries(&app, &id, 1);
    assert_eq!(email["state"], "pending", "{email}");
    assert_eq!(fallback.accepted(&user.email), 1);
    assert_eq!(fallback.attempts(&user.email).len(), 2);
}

#[test]
fn a_mail_that_waits_is_kept_sealed() {
    // Ten digits, so that they do not turn up by chance.
    let app = App::builder().variable("otp_length", "10").start();
    let (recovering, reset) = (app.create_user(), app.create_user());
    app.sink().provider(fails(503, None));
    app.visitor().challenge(&recovering.email);
    let password_id = mail_password(&app, &reset);
    wait_for_tries(&app, &password_id, 1);
    let recovery_id = wait_for_recovery(&app, &recovering.id);
    wait_for_tries(&app, &recovery_id, 1);
    let sent_to = |email: &str| app.sink().attempts(email)[0].0.clone();
    let (recovery, password) = (sent_to(&recovering.email), sent_to(&reset.email));

    let secrets = [
        recovery.code(),
        recovery.link_token(),
        recovery.cancel_token(),
        password.password(),
    ];
    assert!(app.keeps(&recovery_id), "the state is there");
    for secret in &secrets {
        assert!(!app.keeps(secret), "{secret} is kept");
    }
    for (id, user) in [(&recovery_id, &recovering), (&password_id, &reset)] {
        let stored = app.stored(&format!("v1:outbox:{id}"));
        let stored = stored.expect("the mail waits there");
        assert!(stored.contains(&user.id), "{stored}");
        assert!(!stored.contains(&user.email), "{stored}");
    }
}

/// The id of the one recovery email to this account.
#[track_caller]
fn wait_for_recovery(app: &App, user_id: &str) -> String {
    wait_for_events(app, user_id, 2);
    let emails = super::all(app, "limit=100");
    let of_user = emails
        .iter()
        .filter(|email| email["user_id"] == user_id && email["kind"] == "recovery");
    let ids: Vec<&str> = of_user.filter_map(|email| email["id"].as_str()).collect();
    assert_eq!(ids.len(), 1, "{emails:?}");
    ids[0].to_owned()
}
