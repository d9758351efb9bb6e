//! A clock that goes back, or was wrong for a while, loses no work and leaves no record for ever.

use std::time::Duration;

use serde_json::{Value, json};

use crate::testing::{App, Call};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

const SECRET: &str = "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==";

fn with_receiver() -> App {
    let app = App::default();
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set("webhook_secret", SECRET);
    let _ = app.make(&create(&app, "ann", App::EMAIL)).expect(201);
    let _ = app.take_webhooks();
    app
}

fn create(app: &App, id: &str, email: &str) -> Call {
    let body = json!({"id": id, "email": email, "password": App::PASSWORD});
    app.call("/v1/admin/users", body)
}

/// Sets a password as an administrator, and drops the work after the answer. It leaves an email that does not expire,
/// an event, and deletions that are due in one and in three months.
fn leave_work(app: &App) {
    let body = json!({"password": App::NEW_PASSWORD, "change_on_next_sign_in": false});
    let call = app.call("/v1/admin/users/ann/reset-password", body);
    let (reply, _crashed) = app.answer(&call);
    let _ = reply.expect(200);
}

fn come_every_minute(app: &App, minutes: u64) {
    app.run_courier_for(minutes);
}

/// How many emails and how many password changes by webhook arrived since the last call.
fn arrived(app: &App) -> (usize, usize) {
    let mails = app.take_mails().len();
    let told = app.take_webhooks();
    let is_change = |body: &[u8]| {
        let event: Value = serde_json::from_slice(body).unwrap();
        event["type"] == "password.changed"
    };
    let told = told.iter().filter(|request| is_change(request.body()));
    (mails, told.count())
}

fn left_over(app: &App) -> Vec<String> {
    for _ in 0..3 {
        app.advance(YEAR);
        let _ = app.run_courier();
    }
    let fresh = with_receiver();
    fresh.advance(2 * YEAR);
    let _ = fresh.run_courier();
    let mut left_over = app.left_over(&fresh);
    // Left by calls that crashed before they released their leases.
    left_over.retain(|name| !name.starts_with("v1:lease:account.ann:"));
    left_over
}

/// Moves the clock by `ahead` for one run of the courier, with work left before, during and after it, and expects all of
/// it to be done in time.
fn survives_a_jump(ahead: Duration, during: bool) {
    let app = with_receiver();
    leave_work(&app);
    app.env.clock.advance(ahead);
    if during {
        leave_work(&app);
    }
    let _ = app.run_courier();
    app.env.clock.set_back(ahead);
    leave_work(&app);
    let _ = app.forgot(App::EMAIL).expect(202);
    assert!(
        app.take_mails()
            .iter()
            .any(crate::testing::Mail::is_recovery)
    );
    come_every_minute(&app, 4);
    let before = arrived(&app);
    if during {
        // It is due when the clock reaches its time again.
        app.env.clock.advance(ahead);
        come_every_minute(&app, 4);
    }
    let after = arrived(&app);
    let told = before.1 + after.1;
    assert_eq!(told, 2 + usize::from(during), "{before:?} {after:?}");
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn a_clock_that_is_an_hour_ahead_for_one_run_loses_nothing() {
    survives_a_jump(Duration::from_hours(1), false);
    survives_a_jump(Duration::from_hours(1), true);
}

#[test]
fn a_clock_that_is_a_day_ahead_for_one_run_loses_nothing() {
    survives_a_jump(Duration::from_hours(24), false);
    survives_a_jump(Duration::from_hours(24), true);
}

#[test]
fn a_clock_that_is_a_year_ahead_for_one_run_loses_nothing_that_is_placed_after_it() {
    let app = with_receiver();
    app.advance(YEAR);
    let _ = app.run_courier();
    app.env.clock.set_back(Duration::from_secs(YEAR));
    leave_work(&app);
    app.env.http.answer_from("api.resend.com", Ok((503, None)));
    come_every_minute(&app, 2);
    let _ = arrived(&app);
    app.env.http.answer_from("api.resend.com", Ok((200, None)));
    come_every_minute(&app, 10);
    assert_eq!(arrived(&app).0, 1, "the mail is tried again");
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn a_clock_that_goes_back_an_hour_loses_nothing() {
    let app = with_receiver();
    leave_work(&app);
    app.env.clock.set_back(Duration::from_hours(1));
    leave_work(&app);
    come_every_minute(&app, 4);
    let (mails, told) = arrived(&app);
    assert_eq!((mails, told), (1, 1), "what was placed since");
    app.advance(HOUR);
    come_every_minute(&app, 4);
    let (mails, told) = arrived(&app);
    assert_eq!((mails, told), (1, 1), "what was placed before");
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn a_recovery_comes_at_once_though_the_clock_has_gone_back_since_the_last() {
    for back in [HOUR, DAY, YEAR] {
        let app = with_receiver();
        app.advance(back);
        let _ = app.recover();
        app.env.clock.set_back(Duration::from_secs(back));
        let recovery = app.recover();
        let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
        assert!(app.knows(App::NEW_PASSWORD));
    }
}

#[test]
fn a_clock_that_is_a_moment_back_does_not_end_the_cooldown() {
    let app = with_receiver();
    let _ = app.recover();
    app.env.clock.set_back(Duration::from_secs(1));
    let _ = app.forgot(App::EMAIL).expect(202);
    assert_eq!(app.take_mails(), []);
}

#[test]
fn what_is_deleted_and_created_around_a_jump_is_gone_or_there() {
    let app = with_receiver();
    let delete = app.call("/v1/admin/users/ann", Value::Null).by("DELETE");
    let _ = app.make(&delete).expect(204);
    app.advance(DAY);
    let _ = app.run_courier();
    app.env.clock.set_back(Duration::from_secs(DAY));
    let _ = app.make(&create(&app, "ann", App::EMAIL)).expect(201);
    assert!(app.knows(App::PASSWORD));
    come_every_minute(&app, 5);
    assert!(app.knows(App::PASSWORD));
    app.advance(YEAR);
    let _ = app.run_courier();
    assert!(app.knows(App::PASSWORD));
    let delete = app.call("/v1/admin/users/ann", Value::Null).by("DELETE");
    let _ = app.make(&delete).expect(204);
    for _ in 0..2 {
        app.advance(YEAR);
        let _ = app.run_courier();
    }
    let mut names = app.env.store.names();
    let lasting = [
        "v1:accounts",
        "v1:agenda",
        "v1:directory",
        "v1:directory-begun",
        "v1:directory-changes",
        "v1:directory-node:0",
        "v1:emails",
        "v1:event-feed",
        "v1:folded-addresses",
        "v1:journal:t",
        "v1:journal:r",
    ];
    names.retain(|name| !lasting.contains(&name.as_str()));
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn a_year_passes_with_work_every_day_and_leaves_nothing() {
    let app = with_receiver();
    for day in 0..400_u64 {
        app.advance(DAY);
        if day % 10 == 0 {
            let _ = app.recover();
        }
        let _ = app.run_courier();
    }
    app.advance(HOUR);
    let _ = app.recover();
    assert_eq!(left_over(&app), Vec::<String>::new());
}
