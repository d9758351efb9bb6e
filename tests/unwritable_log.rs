//! A log that cannot be written: its disk is full, or nothing reads it. Calls that log are answered as usual.

use serde_json::json;

use crate::{
    app::{
        App, AppBuilder, Caller as _, Output, Provider, Receiver, is_embedded_host, random_token,
        strong_password, unique_email, wait_for,
    },
    people::Ahead,
    v1::admin::emails::wait_for_state,
};

const UNWRITABLE: [Output; 2] = [Output::IsFull, Output::HasNoReader];

/// Starts the app. `None` if a Spin does not start without its log.
fn start(app: AppBuilder, output: Output) -> Option<App> {
    match app.output(output).try_start() {
        Ok(app) => Some(app),
        Err(refusal) if is_embedded_host() || output == Output::IsRead => {
            panic!("{output:?}: {}", refusal.log)
        }
        Err(_) => {
            eprintln!("not tried: this Spin does not start where {output:?}");
            None
        }
    }
}

/// Asserts that each of these is in the log. Calls that log nothing would prove nothing here.
#[track_caller]
fn assert_logged(app: &App, words: &[&str]) {
    wait_for(|| {
        let log = app.log();
        let missing = words.iter().find(|word| !log.contains(*word));
        missing.map_or(Ok(()), |word| Err((*word, log)))
    });
}

/// Wrong guesses at all that can be guessed.
fn guess(app: &App) {
    let user = app.create_user();
    let (visitor, portal) = (app.visitor(), app.portal());
    app.assert_does_not_sign_in(&user, &strong_password());
    visitor
        .verify_otp_for(&unique_email(), "123456")
        .expect_problem(400, "invalid-otp");
    visitor
        .reset_password(&random_token(32), &strong_password())
        .expect_problem(400, "invalid-reset-token");
    app.token_bearer("kb_key_nonsense")
        .get("/v1/admin/users")
        .expect_problem(401, "unauthorized");
    app.assert_signs_in(&user, &user.password);
    portal.find_user(&user.id).expect_json(200);
}

/// An email that the provider refuses, an event that the portal does not take, and what comes after both.
fn fail_to_send(app: &App, receiver: &Receiver) {
    let user = app.create_user();
    receiver.wait_for(&user.id, 1);
    app.sink().provider(Provider::Fails {
        status: 422,
        retry_after: None,
    });
    receiver.answers(Some(500));
    let order = json!({ "password": strong_password(), "send_email": true });
    let reset = app.portal().reset_users_password(&user.id, &order);
    let reset = reset.expect_json(200);
    let id = reset["email_id"].as_str().expect("a mail was ordered");
    // It is written after the line.
    wait_for_state(app, id, "failed");
    receiver.wait_for(&user.id, 2);
    app.sink().provider(Provider::Accepts);
    receiver.answers(Some(204));
    app.portal().retry_email(id).expect_json(202);
    wait_for_state(app, id, "sent");
    app.recover(&user);
    app.portal().run_courier().expect_json(200);
}

/// Makes calls while every operation of the store fails.
fn have_an_outage(app: &App) {
    let user = app.create_user();
    app.plan_faults("per_thousand = 1000\nstore = [\"fail\"]\n");
    let (visitor, portal) = (app.visitor(), app.portal());
    for _ in 0..3 {
        for answer in [
            visitor.get("/v1/health"),
            visitor.forgot_password(&user.email),
            visitor.verify_otp_for(&user.email, "123456"),
            portal.sign_in(&user.email, &user.password),
            portal.find_user(&user.id),
            portal.run_courier(),
        ] {
            answer.expect_problem(503, "service-unavailable");
        }
    }
    visitor.get("/v1/password-policy").expect_json(200);
    Ahead::default().pass(app, 0);
    visitor.get("/v1/health").expect_json(200);
    app.assert_signs_in(&user, &user.password);
    app.recover(&user);
}

#[test]
fn guesses_mails_that_fail_and_outages_are_answered_as_ever() {
    let try_all = |output| {
        let receiver = Receiver::start();
        let app = receiver.told_by(App::builder());
        let app = if is_embedded_host() {
            app.with_faults()
        } else {
            app
        };
        let app = start(app, output)?;
        guess(&app);
        fail_to_send(&app, &receiver);
        if is_embedded_host() {
            have_an_outage(&app);
        }
        Some(app)
    };
    let app = try_all(Output::IsRead).expect("it starts");
    let words = [
        "attempt-failed",
        "kind=password",
        "kind=code",
        "kind=token",
        "kind=api-key",
        "email-not-accepted",
        "event-not-taken",
    ];
    assert_logged(&app, &words);
    if is_embedded_host() {
        assert_logged(&app, &["503 request="]);
    }
    for output in UNWRITABLE {
        if let Some(app) = try_all(output) {
            assert!(!app.log().contains("attempt-failed"), "{}", app.log());
        }
    }
}

#[test]
fn a_bad_variable_is_an_outage_as_ever() {
    let try_all = |output| {
        let app = App::builder().variable("secret_key", "c2hvcnQ=");
        let app = start(app, output)?;
        for _ in 0..3 {
            for answer in [
                app.visitor().forgot_password(&unique_email()),
                app.visitor().verify_otp_for(&unique_email(), "123456"),
                app.portal().sign_in(&unique_email(), &strong_password()),
                app.portal().run_courier(),
            ] {
                answer.expect_problem(503, "service-unavailable");
            }
        }
        let health = app.visitor().get("/v1/health").expect_status(503);
        assert!(health.text().contains("secret_key"), "{}", health.text());
        Some(app)
    };
    let app = try_all(Output::IsRead).expect("it starts");
    assert_logged(&app, &["503 request=", "secret_key"]);
    for output in UNWRITABLE {
        try_all(output);
    }
}
