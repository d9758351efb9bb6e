//! A store without expiry: temporary records are deleted in time, at a cost that depends only on what is due.

use std::time::Duration;

use crate::ports::{Clock as _, Env as _, NoAnswer};
use crate::testing::{App, Call};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

const ACCOUNTS: usize = 40;

fn email(number: usize) -> String {
    format!("user{number}@example.test")
}

fn with_accounts() -> App {
    let app = App::default();
    app.env.variables.set("limit_app_forgot", "100000/60");
    for number in 0..ACCOUNTS {
        let _ = app.create_account(&email(number)).expect(201);
    }
    app
}

/// Asks for `count` recoveries, half of them for unknown addresses, and uses some of what is emailed.
fn ask(app: &App, count: usize) {
    for number in 0..count {
        let client = number / 10;
        let (a, b) = (client / 250, client % 250);
        app.come_from(&format!("10.1.{a}.{b}:1"));
        let account = (number / 2) % ACCOUNTS;
        let asked_for = if number % 2 == 0 {
            email(account)
        } else {
            format!("nobody{number}@example.test")
        };
        let reply = app.forgot(&asked_for).expect(202);
        if let Some(mail) = app
            .take_mails()
            .into_iter()
            .find(|mail| mail.to == asked_for)
        {
            let id = reply.text("challenge_id");
            match number % 10 {
                2 => drop(app.reset(&mail.link(), App::NEW_PASSWORD)),
                4 => drop(app.verify(&id, &mail.code())),
                6 => drop(app.verify(&id, "none")),
                8 => drop(app.cancel(&mail.cancel())),
                _ => drop(app.sign_in(&asked_for, App::PASSWORD)),
            }
        }
        app.advance(1);
    }
}

/// What is left beside the accounts.
fn left_over(app: &App) -> Vec<String> {
    let fresh = with_accounts();
    fresh.advance(YEAR);
    let _ = fresh.run_courier();
    app.left_over(&fresh)
}

#[test]
fn ten_thousand_requests_leave_nothing_once_time_has_passed() {
    let app = with_accounts();
    ask(&app, 10_000);
    assert!(
        app.env.store.names().len() > 1_000,
        "there is something to forget"
    );
    for _ in 0..48 {
        app.advance(HOUR);
        let _ = app.run_courier();
    }
    for _ in 0..100 {
        app.advance(DAY);
        let _ = app.run_courier();
    }
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn one_run_after_an_idle_year_leaves_nothing_either() {
    let app = with_accounts();
    ask(&app, 1_000);
    app.advance(YEAR);
    let _ = app.run_courier();
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn what_was_never_worked_is_found_by_a_first_run_after_a_year() {
    let app = with_accounts();
    for number in 0..20 {
        let call = app.call(
            "/v1/forgot-password",
            serde_json::json!({"email": email(number)}),
        );
        let (reply, _crashed) = app.answer(&call);
        assert_eq!(reply.status, 202);
        app.advance(DAY);
    }
    app.advance(YEAR);
    let _ = app.run_courier();
    assert_eq!(app.take_mails(), [], "what they hold has expired");
    app.advance(YEAR);
    let _ = app.run_courier();
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn a_run_after_an_idle_year_takes_no_step_per_minute() {
    let app = with_accounts();
    app.advance(100 * DAY);
    let _ = app.run_courier();
    app.advance(YEAR);
    let before = app.env.store.operations();
    let _ = app.run_courier();
    let operations = app.env.store.operations() - before;
    assert!(operations < 600, "{operations}");
    // After one look it does not look again.
    let before = app.env.store.operations();
    let _ = app.run_courier();
    let operations = app.env.store.operations() - before;
    assert!(operations < 20, "{operations}");
}

#[test]
fn a_run_costs_what_is_due_and_not_what_is_stored() {
    let cost = |accounts: usize| {
        let app = App::with_account();
        for number in 0..accounts {
            let _ = app.create_account(&email(number));
        }
        app.advance(HOUR);
        let _ = app.run_courier();
        let _ = app.recover();
        app.advance(3 * MINUTE);
        let before = app.env.store.operations();
        let _ = app.run_courier();
        app.env.store.operations() - before
    };
    assert_eq!(cost(0), cost(200));
}

#[test]
fn without_a_courier_the_first_request_of_a_minute_works_what_is_due() {
    let app = with_accounts();
    app.env.http.answer_with(503, None);
    let _ = app.forgot(&email(0));
    assert_eq!(app.take_mails().len(), 1, "the first try, in vain");
    app.env.http.answer_with(200, None);
    app.advance(2 * MINUTE);
    let _ = app.forgot(App::NOBODY);
    assert_eq!(app.take_mails().len(), 1, "the second try");
}

#[test]
fn a_mail_is_tried_ten_times_within_about_a_day_and_then_failed() {
    let app = with_accounts();
    app.env.http.answer_with(503, None);
    // The notice of a change has no deadline.
    let _ = app.forgot(&email(0));
    let link = app.take_mails()[0].link();
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    let (mut tries, mut hours) = (0, 0);
    for minute in 0..(36 * 60) {
        let mails = app.take_mails();
        tries += mails.iter().filter(|mail| !mail.is_recovery()).count();
        if !mails.is_empty() {
            hours = minute / 60;
        }
        app.advance(MINUTE);
        let _ = app.run_courier();
    }
    assert_eq!(tries, 10);
    assert!((20..=30).contains(&hours), "{hours}");
    let emails = app.make(&Call::get("/v1/admin/emails")).expect(200).json();
    let state = |index: usize, member: &str| emails["emails"][index][member].clone();
    assert_eq!(
        [state(0, "kind"), state(0, "state")],
        ["password-changed", "failed"]
    );
    assert_eq!(
        [state(1, "kind"), state(1, "state")],
        ["recovery", "expired"]
    );
    assert_eq!(state(0, "attempts"), 10);
    app.advance(YEAR);
    let _ = app.run_courier();
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn a_request_under_a_key_that_is_gone_is_given_up_after_a_day() {
    let app = with_accounts();
    let call = app.call(
        "/v1/forgot-password",
        serde_json::json!({"email": email(0)}),
    );
    let (_, _crashed) = app.answer(&call);
    app.env
        .variables
        .set("secret_key", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
    for _ in 0..25 {
        app.advance(HOUR);
        let _ = app.run_courier();
    }
    assert_eq!(app.take_mails(), []);
    assert!(
        app.env
            .log
            .lines()
            .iter()
            .any(|line| line.contains("unknown key"))
    );
    app.advance(YEAR);
    let _ = app.run_courier();
    // The name of the client's counter was in a record that can no longer be read.
    let mut left_over = left_over(&app);
    left_over.retain(|name| !name.starts_with("v1:limit:"));
    assert_eq!(left_over, Vec::<String>::new());
}

#[test]
fn a_round_ends_within_a_minute_however_slow_the_provider_is() {
    let app = App::default();
    for number in 0..100 {
        let email = format!("user{number}@example.test");
        let _ = app.create_account(&email).expect(201);
    }
    app.env.http.fail_with(NoAnswer::TimedOut);
    for number in 0..100 {
        let _ = app.forgot(&format!("user{number}@example.test"));
    }
    app.advance(60);
    let clock = app.env.clock.clone();
    app.env.http.answer_by(move |_| {
        clock.advance(Duration::from_secs(5));
        Err(NoAnswer::TimedOut)
    });
    let before = app.env.clock().now();
    let report = app.run_courier().json();
    let taken = app.env.clock().now().since(before);
    // Eight wait concurrently, but this clock adds up their waits.
    assert!(taken <= Duration::from_secs(45 + 8 * 5), "{taken:?}");
    assert!(report["retried"].as_u64() >= Some(9), "{report}");
    assert!(report["remaining"].as_u64() > Some(0), "{report}");
}
