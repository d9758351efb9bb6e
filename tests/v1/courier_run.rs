//! `POST /v1/courier/run`, and the run by URL

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    app::{
        ApiClient, App, Caller as _, Provider, STATE_LIMIT, Scope, is_embedded_host, random_token,
        strong_password, wait_for,
    },
    people::Ahead,
    v1::admin::emails::wait_for_tries,
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
fn without_a_token_nothing_runs_it_by_url() {
    let app = App::shared();
    for path in ["/v1/courier/run", "/v1/courier/run?token="] {
        let refused = app.visitor().get(path);
        refused.expect_problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), Some("POST"));
    }
}

#[test]
fn a_url_with_the_token_runs_it_seldom_and_tells_nothing() {
    let token = random_token(32);
    let app = App::builder().variable("courier_url_token", &token).start();
    let path = format!("/v1/courier/run?token={token}");
    let run = app.visitor().get(&path);
    run.expect_nothing();
    // Once in half a minute for all callers; the half minute may have ended in between.
    let again = app.visitor().get(&path);
    if again.status != 204 {
        again.expect_problem(429, "rate-limited");
        assert!(again.header("retry-after").is_some());
        app.visitor().get(&path).expect_problem(429, "rate-limited");
    }
    assert!(!app.log().contains(&token), "the token is in the log");
}

/// After this time, some platforms end a call.
const LONGEST_CALL: Duration = Duration::from_secs(30);
/// More than a run can send while each of them takes five seconds.
const WAITING: usize = 40;

#[test]
fn slow_a_run_by_url_ends_in_time_while_the_provider_does_not_answer() {
    if !is_embedded_host() {
        eprintln!("not tried: only the embedded host has a clock that can be moved");
        return;
    }
    let token = random_token(32);
    let app = App::builder().variable("courier_url_token", &token);
    let app = app.with_faults().start();
    app.sink().provider(Provider::Hangs);
    let order = json!({ "generate": true, "send_email": true });
    let emails = (0..WAITING).map(|_| {
        let user = app.create_user_without_password();
        let ordered = app.portal().reset_users_password(&user.id, &order);
        ordered.expect_json(200)["email_id"].clone()
    });
    let emails: Vec<_> = emails.collect();
    for email in &emails {
        wait_for_tries(&app, email.as_str().expect("it has an id"), 1);
    }
    // All are due again.
    Ahead::default().pass(&app, 300);
    let began = Instant::now();
    let path = format!("/v1/courier/run?token={token}");
    app.visitor().get(&path).expect_nothing();
    let took = began.elapsed();
    // Shown with `--nocapture`.
    eprintln!("a run by URL took {took:?}");
    assert!(took < LONGEST_CALL, "{took:?}");
    assert!(
        took > Duration::from_secs(4),
        "it met no provider: {took:?}"
    );
}

#[test]
fn the_token_of_the_url_opens_nothing_else_and_nothing_else_opens_the_url() {
    let token = random_token(32);
    let app = App::builder().variable("courier_url_token", &token).start();
    let bearer = app.token_bearer(&token);
    bearer.run_courier().expect_problem(401, "unauthorized");
    bearer
        .get("/v1/admin/users")
        .expect_problem(401, "unauthorized");
    let key = app.all_scopes().to_owned();
    for query in [
        String::new(),
        "?token=".to_owned(),
        format!("?token={}", random_token(32)),
        format!("?token={key}"),
    ] {
        let refused = app.visitor().get(&format!("/v1/courier/run{query}"));
        refused.expect_problem(401, "unauthorized");
    }
    let by_key = app.portal().get("/v1/courier/run");
    by_key.expect_problem(401, "unauthorized");
    for query in [
        format!("?token={token}&token={token}"),
        format!("?token={token}&x=1"),
    ] {
        let refused = app.visitor().get(&format!("/v1/courier/run{query}"));
        refused.expect_problem(422, "validation-failed");
    }
    let refused = app.visitor().call("PUT", "/v1/courier/run").send();
    refused.expect_problem(405, "method-not-allowed");
}

#[test]
fn slow_a_mail_that_was_refused_is_delivered_by_runs_by_url() {
    let token = random_token(32);
    let app = App::builder().variable("courier_url_token", &token).start();
    let user = app.create_user();
    app.sink().provider(Provider::Fails {
        status: 500,
        retry_after: None,
    });
    app.visitor().challenge(&user.email);
    wait_for_attempt(&app, &user.email);
    app.sink().provider(Provider::Accepts);
    let deadline = Instant::now() + AGENDA_LIMIT;
    while app.sink().accepted(&user.email) == 0 {
        assert!(Instant::now() < deadline, "no run by URL delivers it");
        thread::sleep(Duration::from_secs(5));
        let run = app.visitor().get(&format!("/v1/courier/run?token={token}"));
        assert!([204, 429].contains(&run.status), "{}", run.status);
    }
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

/// Waits until the provider was called with an email to this address.
#[track_caller]
fn wait_for_attempt(app: &App, email: &str) {
    wait_for(|| match app.sink().attempts(email).len() {
        0 => Err("no attempt"),
        _ => Ok(()),
    });
}
