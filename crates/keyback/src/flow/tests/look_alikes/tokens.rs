//! Calls with an invalid token are indistinguishable, whatever made it invalid.

use serde_json::json;

use super::{assert_alike, disable, seen};
use crate::testing::{App, other_than};

#[test]
fn reset_password_unknown_used_expired_replaced_cancelled_and_disabled() {
    let app = App::with_account();
    let recovery = app.recover();
    let reset = |app: &App, token: &str| {
        let body = json!({"token": token, "new_password": App::NEW_PASSWORD});
        seen(app, "/v1/reset-password", body)
    };
    let after = |change: &dyn Fn(&App)| {
        let app = app.fork();
        change(&app);
        // From another client, whose count the changes leave alone.
        app.come_from("198.51.100.7:1");
        reset(&app, &recovery.link)
    };
    let altered = other_than(&recovery.link);
    let (head, last) = recovery.link.split_at(recovery.link.len() - 1);
    let forged = format!("{head}{}", if last == "A" { "B" } else { "A" });
    assert_alike(&[
        ("unknown", reset(&app, &"A".repeat(64))),
        ("no token at all", reset(&app, "")),
        ("another reference", reset(&app, &altered)),
        ("a forged secret", reset(&app, &forged)),
        ("for another purpose", reset(&app, &recovery.cancel)),
        ("expired", after(&|app| app.advance(1_200))),
        (
            "used",
            after(&|app| drop(app.reset(&recovery.link, App::NEW_PASSWORD))),
        ),
        (
            "used by the code",
            after(&|app| drop(app.verify(&recovery.challenge_id, &recovery.code))),
        ),
        (
            "cancelled",
            after(&|app| drop(app.cancel(&recovery.cancel))),
        ),
        ("disabled", after(&disable)),
        (
            "replaced",
            after(&|app| {
                app.advance(60);
                let _ = app.recover();
            }),
        ),
    ]);
}

#[test]
fn cancel_recovery_unknown_used_expired_replaced_and_disabled() {
    let app = App::with_account();
    let recovery = app.recover();
    let cancel = |app: &App, token: &str| {
        // From another client, whose count the changes leave alone.
        let app = app.fork();
        app.come_from("198.51.100.7:1");
        seen(&app, "/v1/cancel-recovery", json!({"token": token}))
    };
    let after = |change: &dyn Fn(&App)| {
        let app = app.fork();
        change(&app);
        cancel(&app, &recovery.cancel)
    };
    let unknown = cancel(&app, &"A".repeat(64));
    assert_eq!(unknown.0.status, 400);
    assert_alike(&[
        ("unknown", unknown),
        ("no token at all", cancel(&app, "")),
        ("for another purpose", cancel(&app, &recovery.link)),
        ("expired", after(&|app| app.advance(1_200))),
        (
            "after the reset",
            after(&|app| drop(app.reset(&recovery.link, App::NEW_PASSWORD))),
        ),
        ("disabled", after(&disable)),
        (
            "replaced",
            after(&|app| {
                app.advance(60);
                let _ = app.recover();
            }),
        ),
    ]);
}

#[test]
fn checking_a_token_unknown_used_expired_replaced_cancelled_and_disabled() {
    let app = App::with_account();
    let recovery = app.recover();
    let check = |app: &App, token: &str| {
        let body = json!({"token": token});
        seen(app, "/v1/reset-password/check", body)
    };
    let after = |change: &dyn Fn(&App)| {
        let app = app.fork();
        change(&app);
        app.come_from("198.51.100.7:1");
        check(&app, &recovery.link)
    };
    assert_alike(&[
        ("unknown", check(&app, &"A".repeat(64))),
        ("no token at all", check(&app, "")),
        ("for another purpose", check(&app, &recovery.cancel)),
        ("expired", after(&|app| app.advance(1_200))),
        (
            "used",
            after(&|app| drop(app.reset(&recovery.link, App::NEW_PASSWORD))),
        ),
        (
            "used by the code",
            after(&|app| drop(app.verify_for(App::EMAIL, &recovery.code))),
        ),
        (
            "cancelled",
            after(&|app| drop(app.cancel(&recovery.cancel))),
        ),
        ("disabled", after(&disable)),
        (
            "replaced",
            after(&|app| {
                app.advance(60);
                let _ = app.recover();
            }),
        ),
    ]);
}
