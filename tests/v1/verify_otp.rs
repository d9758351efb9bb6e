//! `POST /v1/verify-otp`

use std::{thread, time::Duration};

use crate::app::{Answer, App, altered, assert_alike, strong_password, unique_email, wrong_code};

#[test]
fn wrong_used_and_unknown_codes_are_refused_alike() {
    let app = App::shared();
    let visitor = app.visitor();

    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    let wrong = visitor.verify_otp(&recovery.challenge_id, &wrong_code(&code));
    wrong.expect_problem(400, "invalid-otp");

    visitor
        .verify_otp(&recovery.challenge_id, &code)
        .expect_json(200);
    let spent = visitor.verify_otp(&recovery.challenge_id, &code);
    let of_nobody = visitor.verify_otp(&visitor.challenge(&unique_email()), &code);
    let never_issued = visitor.verify_otp(&altered(&recovery.challenge_id), &code);

    for refused in [spent, of_nobody, never_issued] {
        assert_alike(&refused, &wrong);
    }
}

#[test]
fn an_expired_code_is_refused_like_a_wrong_one_and_its_link_still_works() {
    let short = |app: crate::app::AppBuilder| {
        app.variable("allow_short_lifetimes", "true")
            .variable("otp_ttl_seconds", "1")
    };
    let app = short(App::builder()).start();
    let user = app.create_user();
    let challenge = app.visitor().forgot_password(&user.email).expect_json(202);
    assert_eq!(challenge["code_expires_in"], 1);
    let challenge_id = challenge["challenge_id"]
        .as_str()
        .expect("the challenge has a name");
    let mail = app.sink().wait_for_mail(&user.email);
    thread::sleep(Duration::from_millis(2200));

    let expired = app.visitor().verify_otp(challenge_id, &mail.code());
    let wrong = app
        .visitor()
        .verify_otp(challenge_id, &wrong_code(&mail.code()));
    wrong.expect_problem(400, "invalid-otp");
    assert_alike(&expired, &wrong);

    let new_password = strong_password();
    app.visitor()
        .reset_password(&mail.link_token(), &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
}

#[test]
fn after_five_wrong_codes_the_right_one_is_refused_and_the_link_still_works() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    let refusals: Vec<Answer> = (0..5)
        .map(|_| {
            app.visitor()
                .verify_otp(&recovery.challenge_id, &wrong_code(&code))
        })
        .collect();

    let exhausted = app.visitor().verify_otp(&recovery.challenge_id, &code);
    exhausted.expect_problem(400, "invalid-otp");
    for refused in &refusals {
        assert_alike(refused, &exhausted);
    }

    let new_password = strong_password();
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
}

#[test]
fn four_wrong_codes_leave_one_try() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    for _ in 0..4 {
        let refused = app
            .visitor()
            .verify_otp(&recovery.challenge_id, &wrong_code(&code));
        refused.expect_problem(400, "invalid-otp");
    }
    app.visitor()
        .verify_otp(&recovery.challenge_id, &code)
        .expect_json(200);
}

#[test]
fn a_second_request_does_not_give_the_tries_back() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    for _ in 0..5 {
        app.visitor()
            .verify_otp(&recovery.challenge_id, &wrong_code(&code))
            .expect_problem(400, "invalid-otp");
    }

    let within_the_cooldown = app.visitor().challenge(&user.email);
    app.sink().assert_no_mail(&user.email);
    app.visitor()
        .verify_otp(&within_the_cooldown, &code)
        .expect_problem(400, "invalid-otp");
}

#[test]
fn a_code_is_good_for_its_own_challenge_only() {
    let app = App::shared();
    let (one, other) = (app.create_user(), app.create_user());
    let (one, other) = (app.recover(&one), app.recover(&other));
    // By chance the two codes may be the same, once in a million.
    app.visitor()
        .verify_otp(&one.challenge_id, &other.mail.code())
        .expect_problem(400, "invalid-otp");
}

#[test]
fn a_client_over_its_limit_is_refused() {
    let app = App::builder()
        .variable("limit_client_verify", "3/86400")
        .start();
    let visitor = app.visitor();
    let challenge_id = visitor.challenge(&unique_email());
    for _ in 0..3 {
        visitor
            .verify_otp(&challenge_id, "000000")
            .expect_problem(400, "invalid-otp");
    }
    visitor
        .verify_otp(&challenge_id, "000000")
        .expect_problem(429, "rate-limited");
}

#[test]
fn a_code_has_as_many_digits_as_the_operator_chose() {
    let app = App::builder().variable("otp_length", "8").start();
    let user = app.create_user();
    let recovery = app.recover(&user);
    assert_eq!(recovery.mail.code().len(), 8);
    app.reset_token(&recovery);
}
