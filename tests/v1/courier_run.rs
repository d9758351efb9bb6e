//! `POST /v1/courier/run`

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::app::{
    ApiClient, App, Caller as _, Provider, STATE_LIMIT, Scope, strong_password, wait_for,
};

/// The agenda counts in minutes, and a first retry may be due in the third one.
const AGENDA_LIMIT: Duration = STATE_LIMIT.saturating_add(Duration::from_mins(3));

/// Runs the courier every few seconds until this holds.
#[track_caller]
pub(crate) fn run_courier_until(courier: &ApiClient, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + AGENDA_LIMIT;
    while !holds() {
        assert!(
            Instant::now() < deadline,
            "the courier did not get there in {AGENDA_LIMIT:?}"
        );
        thread::sleep(Duration::from_secs(3));
        courier.run_courier().expect_status(200);
    }
}

#[test]
fn a_run_says_what_it_did() {
    let app = App::shared();
    let done = app
        .api_client(Scope::Courier)
        .run_courier()
        .expect_json(200);
    let members: Vec<&str> = done
        .as_object()
        .expect("the answer is an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        ["delivered", "expired", "failed", "remaining", "retried"]
    );
    assert!(
        done.as_object()
            .is_some_and(|done| done.values().all(serde_json::Value::is_u64)),
        "{done}"
    );
}

#[test]
fn only_a_key_with_the_scope_runs_it() {
    let app = App::shared();
    for word in Scope::Courier.other_words() {
        app.api_client_with(word)
            .run_courier()
            .expect_problem(403, "forbidden");
    }
    app.visitor()
        .call("POST", "/v1/courier/run")
        .send()
        .expect_problem(401, "unauthorized");
}

#[test]
fn a_run_sends_nothing_that_was_sent() {
    let app = App::shared();
    let user = app.create_user();
    app.recover(&user);
    for _ in 0..3 {
        app.portal().run_courier().expect_status(200);
    }
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn slow_mails_that_the_provider_refused_are_delivered_once_by_later_runs() {
    let app = App::start();
    let courier = app.api_client(Scope::Courier);
    let (failed, limited) = (app.create_user(), app.create_user());
    app.sink().provider(Provider::Fails {
        status: 500,
        retry_after: None,
    });
    let failed_challenge = app.visitor().challenge(&failed.email);
    wait_for_attempt(&app, &failed.email);
    app.sink().provider(Provider::Fails {
        status: 429,
        retry_after: Some(20),
    });
    app.visitor().challenge(&limited.email);
    wait_for_attempt(&app, &limited.email);
    courier.run_courier().expect_status(200);

    app.sink().provider(Provider::Accepts);
    let both = [&failed, &limited];
    run_courier_until(&courier, || {
        both.iter().all(|user| app.sink().accepted(&user.email) > 0)
    });
    for _ in 0..2 {
        courier.run_courier().expect_status(200);
    }

    for user in both {
        assert_eq!(app.sink().accepted(&user.email), 1);
        let attempts = app.sink().attempts(&user.email);
        let (first, _) = attempts.first().expect("the provider refused one");
        assert!(first.idempotency_key.is_some());
        assert!(
            attempts
                .iter()
                .all(|(mail, _)| mail.idempotency_key == first.idempotency_key)
        );
        assert!(
            attempts.iter().all(|(mail, _)| mail.text == first.text),
            "a retry is the same mail"
        );
    }
    let mail = app.sink().wait_for_mail(&failed.email);
    app.visitor()
        .verify_otp(&failed_challenge, &mail.code())
        .expect_json(200);
    let new_password = strong_password();
    let by_link = app.sink().wait_for_mail(&limited.email).link_token();
    app.visitor()
        .reset_password(&by_link, &new_password)
        .expect_nothing();
}

/// Waits until the provider was called with a mail to this address.
#[track_caller]
fn wait_for_attempt(app: &App, email: &str) {
    wait_for(|| match app.sink().attempts(email).len() {
        0 => Err("no attempt"),
        _ => Ok(()),
    });
}
