//! A store that does not open, as on Spin while Redis is away: calls give up after a second, and what needs no store goes on.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::app::{App, Caller as _, StoreKind, is_embedded_host, unique_email};

/// Far above the second after which a call gives up, and far below the minutes for which Spin's store waits.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn calls_give_up_and_what_needs_no_store_goes_on() {
    if !is_embedded_host() || StoreKind::chosen() != StoreKind::File {
        eprintln!("not tried: only a file of the embedded host can be told to stall");
        return;
    }
    let app = App::start();
    let user = app.create_user();
    let stalled = app.store_file().with_extension("stalled");
    fs::write(&stalled, "").expect("a file can be made");

    let started = Instant::now();
    let health = app.visitor().get("/v1/health");
    let health = health.expect_problem(503, "service-unavailable");
    assert_eq!(
        health["reasons"],
        json!(["the store failed: the store is not responding"])
    );
    let body = json!({ "email": unique_email() });
    let asked = app.visitor().post("/v1/forgot-password", &body);
    asked.expect_problem(503, "service-unavailable");
    let read = app.portal().get(&format!("/v1/admin/users/{}", user.id));
    read.expect_problem(503, "service-unavailable");
    app.visitor().get("/v1/password-policy").expect_json(200);
    let _ = app.visitor().get("/forgot-password").expect_status(200);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());

    fs::remove_file(&stalled).expect("it is there");
    app.visitor().get("/v1/health").expect_json(200);
    app.assert_signs_in(&user, &user.password);
}
