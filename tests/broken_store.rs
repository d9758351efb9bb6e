//! A store that is full, gone or damaged: calls that need it answer with a problem, health reports it, the app goes on.

use std::fs;

use serde_json::json;

use crate::app::{
    Answer, App, Caller as _, StoreKind, User, is_embedded_host, unique_email, wait_for,
};
use crate::people::Ahead;

#[track_caller]
fn assert_outage(answer: &Answer) {
    answer.expect_problem(503, "service-unavailable");
}

/// Health reports it within a minute: it writes to the store once a minute.
#[track_caller]
fn wait_until_health_says_so(app: &App) {
    wait_for(|| {
        let health = app.visitor().get("/v1/health");
        if health.status == 503 {
            Ok(())
        } else {
            Err(health.status)
        }
    });
    let health = app.visitor().get("/v1/health");
    let health = health.expect_problem(503, "service-unavailable");
    assert_eq!(
        health["reasons"],
        json!(["the store failed: the provider failed"])
    );
}

/// Calls each component once. For a component's first instance, a host on wasmtime creates files in memory, which the
/// limit that imitates a full disk would refuse.
fn warm_up(app: &App, user: &User) {
    let visitor = app.visitor();
    visitor.get("/v1/health").expect_json(200);
    visitor.get("/v1/password-policy").expect_json(200);
    visitor
        .verify_otp_for(&unique_email(), "123456")
        .expect_problem(400, "invalid-otp");
    app.assert_signs_in(user, &user.password);
}

#[test]
fn slow_with_a_full_disk_what_writes_is_an_outage_what_reads_goes_on_and_a_right_password_is_right()
{
    if !StoreKind::is_file() {
        return;
    }
    let app = App::start();
    let (user, other) = (app.create_user(), app.create_user());
    let recovery = app.recover(&user);
    warm_up(&app, &other);
    app.fill_disk(true);

    let (visitor, portal) = (app.visitor(), app.portal());
    let path = format!("/v1/admin/users/{}", other.id);
    let reset = format!("{path}/reset-password");
    let sign_out = format!("{path}/sign-out");
    let code = recovery.mail.code();
    assert_outage(&visitor.forgot_password(&other.email));
    assert_outage(&visitor.forgot_password(&unique_email()));
    assert_outage(&visitor.verify_otp(&recovery.challenge_id, &code));
    assert_outage(&visitor.reset_password(&recovery.mail.link_token(), &other.password));
    assert_outage(&visitor.cancel_recovery(&recovery.mail.cancel_token()));
    assert_outage(&portal.create_user(&json!({ "email": unique_email() })));
    assert_outage(&portal.update_user(&other.id, &json!({ "disabled": true })));
    assert_outage(&portal.delete_user(&other.id));
    assert_outage(&portal.post(
        &reset,
        &json!({ "generate": true, "return_password": true }),
    ));
    assert_outage(&portal.post(&sign_out, &json!({})));
    assert_outage(&portal.sign_in(&user.email, &other.password));
    assert_outage(&portal.sign_in(&unique_email(), &other.password));
    app.assert_signs_in(&user, &user.password);
    portal.find_user(&other.id).expect_json(200);
    visitor.get("/v1/password-policy").expect_json(200);
    wait_until_health_says_so(&app);

    app.fill_disk(false);
    visitor.get("/v1/health").expect_json(200);
    app.assert_signs_in(&other, &other.password);
    let password = "nine-otters-cross-at-noon";
    let token = app.reset_token(&recovery);
    visitor.reset_password(&token, password).expect_nothing();
    app.assert_signs_in(&user, password);
    assert!(!app.log().contains("an instance failed"), "one panicked");
}

#[test]
fn a_store_whose_file_was_deleted_or_replaced_is_an_outage() {
    if !StoreKind::is_file() {
        return;
    }
    if !is_embedded_host() {
        eprintln!("not tried: Spin does not notice");
        return;
    }
    let app = App::builder().with_faults().start();
    let user = app.create_user();
    let file = app.store_file();
    let aside = file.with_extension("aside");

    fs::rename(&file, &aside).expect("the file is there");
    assert_outage(&app.visitor().forgot_password(&user.email));
    assert_outage(&app.portal().sign_in(&user.email, &user.password));
    wait_until_health_says_so(&app);
    fs::copy(&aside, &file).expect("the folder can be written");
    assert_outage(&app.visitor().forgot_password(&user.email));
    wait_until_health_says_so(&app);

    fs::rename(&aside, &file).expect("the folder can be written");
    app.visitor().get("/v1/health").expect_json(200);
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn a_damaged_store_is_an_outage_and_ends_nothing() {
    if !StoreKind::is_file() {
        return;
    }
    if !is_embedded_host() {
        eprintln!("not tried: Spin\'s store panics");
        return;
    }
    let app = App::builder().with_faults().start();
    let user = app.create_user();
    let app = app.stop().with_damaged_store().start();
    assert_outage(&app.visitor().forgot_password(&user.email));
    assert_outage(&app.portal().sign_in(&user.email, &user.password));
    assert_outage(&app.portal().find_user(&user.id));
    Ahead::default().pass(&app, 61);
    wait_until_health_says_so(&app);
    app.visitor().get("/v1/password-policy").expect_json(200);
    assert!(!app.log().contains("an instance failed"), "one panicked");
}
