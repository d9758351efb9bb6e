//! Limits by client and for all: how they are reported, whom they count, and that no account affects them.

use serde_json::{Value, json};

use crate::testing::{App, Call, Reply};

fn forgot(email: &str) -> Value {
    json!({"email": email})
}

/// The calls that count per client: path, body, limit.
fn limited_calls() -> [(&'static str, Value, u32, u64); 4] {
    let token = "A".repeat(64);
    [
        ("/v1/forgot-password", forgot(App::NOBODY), 20, 3_600),
        (
            "/v1/verify-otp",
            json!({"challenge_id": "x", "code": "1"}),
            30,
            60,
        ),
        (
            "/v1/reset-password",
            json!({"token": token, "new_password": "x"}),
            30,
            60,
        ),
        ("/v1/cancel-recovery", json!({"token": token}), 30, 60),
    ]
}

fn use_up(app: &App, call: &Call, times: u32) {
    for time in 0..times {
        assert_ne!(app.make(call).status, 429, "call {time}");
    }
}

#[track_caller]
fn assert_limited(reply: &Reply, name: &str, count: u32, window: u64, left: u64) {
    assert_eq!(
        (reply.status, reply.problem().as_str()),
        (429, "rate-limited")
    );
    assert_eq!(reply.header("retry-after"), left.to_string());
    let policy = format!("\"{name}\";q={count};w={window}");
    assert_eq!(reply.header("ratelimit-policy"), policy);
    assert_eq!(
        reply.header("ratelimit"),
        format!("\"{name}\";r=0;t={left}")
    );
}

#[test]
fn each_call_has_its_limit_per_client_and_tells_when_to_come_back() {
    for (path, body, count, window) in limited_calls() {
        let app = App::with_account();
        app.advance(17);
        let call = app.call(path, body);
        use_up(&app, &call, count);
        let name = path.trim_start_matches("/v1/");
        assert_limited(&app.make(&call), name, count, window, window - 17);
        app.advance(window - 18);
        assert_limited(&app.make(&call), name, count, window, 1);
        app.advance(1);
        assert_ne!(app.make(&call).status, 429, "{path}");
    }
}

#[test]
fn each_call_counts_on_its_own() {
    let app = App::with_account();
    let [(path, body, count, _), ..] = limited_calls();
    let call = app.call(path, body);
    use_up(&app, &call, count);
    assert_eq!(app.make(&call).status, 429);
    for (path, body, ..) in &limited_calls()[1..] {
        assert_ne!(
            app.make(&app.call(path, body.clone())).status,
            429,
            "{path}"
        );
    }
}

#[test]
fn the_limit_is_the_client_s_whichever_account_it_asks_for() {
    let app = App::with_account();
    for number in 0..20 {
        let email = if number % 2 == 0 {
            App::EMAIL
        } else {
            App::NOBODY
        };
        assert_eq!(app.forgot(email).status, 202);
    }
    let known = app.forgot(App::EMAIL);
    let unknown = app.forgot(App::NOBODY);
    assert_eq!(known.status, 429);
    assert_eq!(known.without_ids(), unknown.without_ids());
    app.come_from("192.0.2.2:1");
    assert_eq!(app.forgot(App::EMAIL).status, 202);
}

#[test]
fn an_ipv6_client_is_its_first_64_bits() {
    let app = App::with_account();
    for number in 0..20 {
        app.come_from(&format!("[2001:db8:1:2:{number:x}::1]:443"));
        assert_eq!(app.forgot(App::NOBODY).status, 202);
    }
    app.come_from("[2001:db8:1:2:ffff:ffff:ffff:ffff]:443");
    assert_eq!(app.forgot(App::NOBODY).status, 429);
    app.come_from("[2001:db8:1:3::1]:443");
    assert_eq!(app.forgot(App::NOBODY).status, 202);
}

#[test]
fn a_client_cannot_say_who_it_is() {
    let app = App::with_account();
    let call = app.call("/v1/forgot-password", forgot(App::NOBODY));
    use_up(&app, &call, 20);
    for number in 0..5 {
        let forged = format!("198.51.100.{number}");
        for header in [
            "spin-client-addr",
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
        ] {
            let call = call.clone().with_header(header, &forged);
            assert_eq!(app.make(&call).status, 429, "{header}");
        }
    }
}

#[test]
fn behind_a_trusted_proxy_its_last_word_counts_and_the_client_s_do_not() {
    let app = App::with_account();
    app.env
        .variables
        .set("trusted_proxy_header", "x-forwarded-for");
    app.env.variables.set("trusted_proxy_hops", "1");
    let call = app.call("/v1/forgot-password", forgot(App::NOBODY));
    for number in 0..20 {
        let forwarded = format!("198.51.100.{number}, 203.0.113.5");
        let call = call.clone().with_header("x-forwarded-for", &forwarded);
        assert_eq!(app.make(&call).status, 202);
    }
    let from = |value: &str| call.clone().with_header("x-forwarded-for", value);
    assert_eq!(app.make(&from("198.51.100.99, 203.0.113.5")).status, 429);
    assert_eq!(app.make(&from("203.0.113.5, 198.51.100.99")).status, 202);
}

#[test]
fn all_clients_together_have_a_limit_that_tells_nothing_of_any_of_them() {
    let app = App::with_account();
    app.env.variables.set("limit_app_forgot", "10/60");
    for number in 0..10 {
        app.come_from(&format!("192.0.2.{number}:1"));
        assert_eq!(app.forgot(App::NOBODY).status, 202);
    }
    app.come_from("192.0.2.99:1");
    let limited = app.forgot(App::EMAIL);
    assert_limited(&limited, "forgot-password-app", 10, 60, 60);
    assert_eq!(limited.without_ids(), app.forgot(App::NOBODY).without_ids());
    assert_eq!(app.take_mails(), []);
    app.advance(60);
    assert_eq!(app.forgot(App::EMAIL).status, 202);
    assert_eq!(app.take_mails().len(), 1);
}

#[test]
fn the_limit_of_all_may_have_any_window() {
    let app = App::with_account();
    app.env.variables.set("limit_app_forgot", "3/600");
    for _ in 0..3 {
        assert_eq!(app.forgot(App::NOBODY).status, 202);
        app.advance(60);
    }
    let limited = app.forgot(App::NOBODY);
    assert_limited(&limited, "forgot-password-app", 3, 600, 420);
    app.advance(420);
    assert_eq!(app.forgot(App::NOBODY).status, 202);
}

#[test]
fn calls_refused_by_the_limit_of_all_leave_no_row_of_empty_slots() {
    let app = App::with_account();
    app.env.variables.set("limit_app_forgot", "2/60");
    app.env.variables.set("limit_client_forgot", "1000/60");
    for _ in 0..500 {
        let _ = app.forgot(App::NOBODY);
    }
    app.advance(61);
    let _ = app.run_courier();
    app.advance(60);
    let before = app.env.store.operations();
    let _ = app.run_courier();
    let operations = app.env.store.operations() - before;
    assert!(operations < 600, "{operations}");
}

#[test]
fn right_passwords_are_not_held_against_an_account() {
    let app = App::with_account();
    for number in 0..300 {
        app.come_from(&format!("10.0.{}.{}:1", number / 250, number % 250));
        assert_eq!(
            app.sign_in(App::EMAIL, App::PASSWORD).status,
            200,
            "{number}"
        );
    }
}
