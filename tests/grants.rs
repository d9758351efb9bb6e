//! What a component is not granted it cannot use, and the app fails closed.

use serde_json::json;

use crate::{
    app::{
        App, BreachList, Caller as _, Scope, revoke_hosts, revoke_store, unique_email, wait_for,
    },
    v1::courier_run::run_courier_until,
};

#[test]
fn a_component_without_its_store_answers_503_and_the_others_go_on() {
    let app = App::builder()
        .manifest(|manifest| {
            revoke_store(manifest, "sign-in");
        })
        .start();
    let user = app.create_user();

    for _ in 0..2 {
        let refused = app.portal().sign_in(&user.email, &user.password);
        refused.expect_problem(503, "service-unavailable");
    }
    // Calls that need no store are refused as usual.
    app.visitor()
        .post("/v1/sign-in", &json!({}))
        .expect_problem(401, "unauthorized");

    app.recover(&user);
}

#[test]
fn no_recovery_is_promised_without_a_store() {
    let app = App::builder()
        .manifest(|manifest| {
            revoke_store(manifest, "forgot-password");
        })
        .start();
    let user = app.create_user();
    for email in [user.email.clone(), unique_email()] {
        app.visitor()
            .forgot_password(&email)
            .expect_problem(503, "service-unavailable");
    }
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn slow_a_mail_that_no_component_may_send_is_delivered_once_one_may() {
    let app = App::builder()
        .manifest(|manifest| {
            for id in ["forgot-password", "reset-password", "courier"] {
                revoke_hosts(manifest, id);
            }
        })
        .start();
    let user = app.create_user();
    let challenge_id = app.visitor().challenge(&user.email);
    app.sink().assert_no_mail(&user.email);
    assert!(
        app.sink().attempts(&user.email).is_empty(),
        "the provider was called without a grant"
    );

    let app = app.stop().start();
    let courier = app.api_client(Scope::Courier);
    run_courier_until(&courier, || app.sink().accepted(&user.email) > 0);

    let mail = app.sink().wait_for_mail(&user.email);
    app.visitor()
        .verify_otp(&challenge_id, &mail.code())
        .expect_json(200);
    courier.run_courier().expect_status(200);
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn a_sign_in_that_may_not_ask_the_list_of_breached_passwords_goes_on() {
    let list = BreachList::answering(200, "");
    let app = list
        .asked_by(App::builder())
        .manifest(|manifest| {
            revoke_hosts(manifest, "sign-in");
        })
        .start();
    let user = app.create_user();
    let before = list.asked().len();
    app.assert_signs_in(&user, &user.password);
    wait_for(|| {
        let log = app.log();
        let is_said = log.contains("breach-list-not-asked");
        if is_said { Ok(()) } else { Err(log) }
    });
    assert_eq!(list.asked().len(), before);
    app.assert_signs_in(&user, &user.password);
}
