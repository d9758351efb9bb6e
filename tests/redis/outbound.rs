//! `store_url` of the components that call Redis themselves.

use serde_json::json;

use crate::app::{App, Caller as _, StoreKind, grant_another_redis, unique_email};

pub(super) fn is_outbound() -> bool {
    let is_outbound = StoreKind::chosen() == StoreKind::OutboundRedis;
    if !is_outbound {
        eprintln!("not tried: the components do not call Redis themselves");
    }
    is_outbound
}

#[test]
fn a_redis_that_is_not_granted_is_not_called() {
    if !is_outbound() {
        return;
    }
    let app = App::builder()
        .manifest(|manifest| {
            for id in ["courier", "forgot-password"] {
                grant_another_redis(manifest, id);
            }
        })
        .start();
    let health = app.visitor().get("/v1/health");
    let health = health.expect_problem(503, "service-unavailable");
    assert_eq!(
        health["reasons"],
        json!(["the store failed: store_url is not allowed in spin.toml"])
    );
    let asked = app.visitor().forgot_password(&unique_email());
    asked.expect_problem(503, "service-unavailable");
    // The others go on.
    app.create_user();
}

#[test]
fn a_bad_address_stops_what_needs_the_store_and_is_not_shown() {
    if !is_outbound() {
        return;
    }
    for url in ["", "hunter2", "redis://user:hunter2@127.0.0.1:1/0"] {
        let app = App::builder().variable("store_url", url).start();
        let health = app.visitor().get("/v1/health");
        health.expect_problem(503, "service-unavailable");
        assert!(!health.text().contains("hunter2"), "{}", health.text());
        let asked = app.visitor().forgot_password(&unique_email());
        asked.expect_problem(503, "service-unavailable");
        app.visitor().get("/v1/password-policy").expect_json(200);
        assert!(!app.log().contains("hunter2"), "{}", app.log());
    }
}
