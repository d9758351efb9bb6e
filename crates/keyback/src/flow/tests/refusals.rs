//! Refused requests leave nothing behind.

use serde_json::{Value, json};

use super::sign_in::use_up;
use crate::testing::{App, Call, Recovery, other_than};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// How many requests of each kind.
const MANY: usize = 1_250;

fn client(number: usize) -> String {
    format!(
        "10.{}.{}.{}:1",
        number / 62_500,
        number / 250 % 250,
        number % 250
    )
}

/// Makes `call` from many new clients, `times` times from each, and expects the last one to be refused with `status`.
fn refuse(app: &App, from: usize, times: usize, status: u16, call: impl Fn(&App) -> Call) {
    for number in 0..MANY {
        app.come_from(&client(from + number));
        for time in 1..=times {
            let reply = app.make(&call(app));
            if time == times {
                let _ = reply.expect(status);
            }
        }
        if number % 100 == 0 {
            app.advance(1);
        }
    }
    let _ = app.take_mails();
}

fn come_back_later(app: &App) {
    for _ in 0..3 {
        app.advance(60);
        let _ = app.run_courier();
    }
    for _ in 0..72 {
        app.advance(HOUR);
        let _ = app.run_courier();
    }
    for _ in 0..100 {
        app.advance(DAY);
        let _ = app.run_courier();
    }
}

fn left_over(app: &App) -> Vec<String> {
    let fresh = App::with_account();
    fresh.advance(YEAR);
    let _ = fresh.run_courier();
    app.left_over(&fresh)
}

fn verify(app: &App, recovery: &Recovery, code: &str) -> Call {
    let body = json!({"challenge_id": recovery.challenge_id, "code": code});
    app.call("/v1/verify-otp", body)
}

#[test]
fn ten_thousand_refused_requests_leave_nothing_once_time_has_passed() {
    let app = App::with_account();
    let recovery = app.recover();
    let wrong = other_than(&recovery.code);
    let post = |path: &'static str, body: Value| move |app: &App| app.call(path, body.clone());
    let bad_token = json!({"token": "A".repeat(64), "new_password": App::NEW_PASSWORD});
    let forgot = || json!({"email": App::NOBODY});
    let sign_in = json!({"email": App::EMAIL, "password": App::NEW_PASSWORD});

    // Unknown tokens and accounts.
    refuse(&app, 0, 1, 400, post("/v1/reset-password", bad_token));
    let cancel = json!({"token": "B".repeat(64)});
    refuse(&app, MANY, 1, 400, post("/v1/cancel-recovery", cancel));
    refuse(&app, 2 * MANY, 1, 400, |app| verify(app, &recovery, &wrong));
    let unknown = json!({"challenge_id": "unknown", "code": "000000"});
    refuse(&app, 3 * MANY, 1, 400, post("/v1/verify-otp", unknown));
    // The limit of the account.
    use_up(&app, App::EMAIL, 1_000);
    refuse(&app, 4 * MANY, 1, 429, post("/v1/sign-in", sign_in));
    // The limits of clients, and then the limit of all together.
    for (variable, limit) in [
        ("limit_client_forgot", "1/3600"),
        ("limit_client_verify", "1/3600"),
        ("limit_app_forgot", "100000/3600"),
    ] {
        app.env.variables.set(variable, limit);
    }
    refuse(
        &app,
        5 * MANY,
        2,
        429,
        post("/v1/forgot-password", forgot()),
    );
    refuse(&app, 6 * MANY, 2, 429, |app| verify(app, &recovery, &wrong));
    app.env.variables.set("limit_app_forgot", "10/86400");
    for number in 0..10 {
        app.come_from(&client(200_000 + number));
        let _ = app.forgot(App::NOBODY);
    }
    refuse(
        &app,
        7 * MANY,
        1,
        429,
        post("/v1/forgot-password", forgot()),
    );

    assert!(
        app.env.store.names().len() > 5_000,
        "there is something to forget"
    );
    come_back_later(&app);
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn one_courier_run_a_year_later_forgets_them_as_well() {
    let app = App::with_account();
    app.env.variables.set("limit_app_forgot", "10/86400");
    let forgot = |app: &App| app.call("/v1/forgot-password", json!({"email": App::NOBODY}));
    for number in 0..500 {
        app.come_from(&client(number));
        let _ = app.make(&forgot(&app));
        let _ = app.reset(&"A".repeat(64), App::NEW_PASSWORD);
    }
    app.advance(YEAR);
    let _ = app.run_courier();
    assert_eq!(left_over(&app), Vec::<String>::new());
}

#[test]
fn a_request_that_an_outage_refuses_leaves_its_counter_to_be_deleted() {
    for path in ["/v1/reset-password", "/v1/cancel-recovery"] {
        let app = App::with_account();
        let recovery = app.recover();
        app.come_from("198.51.100.7:1");
        let token = match path {
            "/v1/cancel-recovery" => &recovery.cancel,
            _ => &recovery.link,
        };
        let body = match path {
            "/v1/cancel-recovery" => json!({"token": token}),
            _ => json!({"token": token, "new_password": App::NEW_PASSWORD}),
        };
        let call = app.call(path, body);
        // At every operation after the count.
        for operation in 2..40 {
            let app = app.fork();
            app.env.store.fail_once_after(operation);
            let _ = app.make(&call);
            app.env.store.fail_after(None);
            come_back_later(&app);
            let mut left_over = left_over(&app);
            left_over.retain(|name| name.starts_with("v1:limit:"));
            assert_eq!(left_over, Vec::<String>::new(), "{path} at {operation}");
        }
    }
}
