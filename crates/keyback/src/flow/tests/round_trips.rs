//! How many round trips to the store come before the answer. Concurrent calls count as one.

use serde_json::{Value, json};

use crate::testing::{App, other_than};

/// Round trips until the answer, and its status.
fn cost(app: &App, path: &str, body: Value) -> (u16, u64) {
    let _ = app.env.store.take_round_trips();
    let (reply, _) = app.answer(&app.call(path, body));
    (reply.status, app.env.store.take_round_trips())
}

#[test]
fn forgot_password_takes_three() {
    let app = App::with_account();
    for email in [App::EMAIL, App::NOBODY, App::EMAIL] {
        let cost = cost(&app, "/v1/forgot-password", json!({"email": email}));
        assert_eq!(cost, (202, 3), "{email}");
    }
}

#[test]
fn verify_otp_takes_five_at_most_and_three_to_refuse() {
    let app = App::with_account();
    let recovery = app.recover();
    let cost = |challenge_id: &str, code: &str| {
        let body = json!({"challenge_id": challenge_id, "code": code});
        cost(&app, "/v1/verify-otp", body)
    };
    assert_eq!(cost("unknown", &recovery.code), (400, 3));
    let wrong = other_than(&recovery.code);
    assert_eq!(cost(&recovery.challenge_id, &wrong), (400, 3));
    assert_eq!(cost(&recovery.challenge_id, &recovery.code), (200, 5));
    assert_eq!(cost(&recovery.challenge_id, &recovery.code), (400, 3));
}

#[test]
fn reset_password_takes_six_at_most_and_three_to_refuse() {
    let app = App::with_account();
    let recovery = app.recover();
    let cost = |token: &str, password: &str| {
        let body = json!({"token": token, "new_password": password});
        cost(&app, "/v1/reset-password", body)
    };
    assert_eq!(cost(&"A".repeat(64), App::NEW_PASSWORD), (400, 2));
    assert_eq!(cost(&recovery.link, "12345"), (422, 3));
    assert_eq!(cost(&recovery.link, App::NEW_PASSWORD), (204, 6));
    assert_eq!(cost(&recovery.link, App::NEW_PASSWORD), (400, 2));

    // After the lease of the reset above has expired: the work after its answer was dropped.
    app.advance(70);
    let recovery = app.recover();
    let token = app.verify(&recovery.challenge_id, &recovery.code);
    let (status, round_trips) = cost(&token.text("reset_token"), App::OTHER_PASSWORD);
    assert!((status, round_trips) <= (204, 6), "{round_trips}");
}

#[test]
fn sign_in_takes_four_at_most_known_or_not() {
    let app = App::with_account();
    let must_change = json!({
        "email": "bob@example.test",
        "password": App::PASSWORD,
        "change_on_next_sign_in": true,
    });
    let _ = app.make(&app.call("/v1/admin/users", must_change));
    let cost = |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        cost(&app, "/v1/sign-in", body)
    };
    assert_eq!(cost(App::EMAIL, App::NEW_PASSWORD), (401, 4));
    assert_eq!(cost(App::NOBODY, App::NEW_PASSWORD), (401, 4));
    assert_eq!(cost(App::EMAIL, App::PASSWORD), (200, 3));
    let (status, round_trips) = cost("bob@example.test", App::PASSWORD);
    // Its token is written with its deletion.
    assert_eq!((status, round_trips <= 5), (200, true), "{round_trips}");
}
