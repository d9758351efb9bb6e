//! `POST /v1/verify-otp`

use std::{thread, time::Duration};

use serde_json::json;

use crate::app::{
    Answer, App, Caller as _, PUBLIC_BASE_URL, altered, assert_alike, strong_password,
    unique_email, wrong_code,
};

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

#[test]
fn a_code_is_taken_with_the_address_of_its_account() {
    let app = App::shared();
    let visitor = app.visitor();
    let user = app.create_user();
    let mail = app.recover(&user).mail;
    let wrong = visitor.verify_otp_for(&user.email, &wrong_code(&mail.code()));
    wrong.expect_problem(400, "invalid-otp");
    let of_nobody = visitor.verify_otp_for(&unique_email(), &mail.code());
    assert_alike(&of_nobody, &wrong);
    let never_issued = visitor.verify_otp("AAAAAAAAAAAAAAAAAAAAAA", &mail.code());
    assert_alike(&never_issued, &wrong);

    let typed = format!("\u{a0}{} ", mail.code());
    let body = visitor.verify_otp_for(&user.email, &typed).expect_json(200);
    let token = body["reset_token"].as_str().expect("a token is text");
    let new_password = strong_password();
    visitor
        .reset_password(token, &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
    let again = visitor.verify_otp_for(&user.email, &mail.code());
    assert_alike(&again, &wrong);
}

#[test]
fn a_code_that_an_administrator_reads_out_needs_no_request_of_the_users() {
    let app = App::shared();
    let user = app.create_user();
    // The tab in which the user asked before the telephone call.
    let earlier = app.recover(&user);
    let order = json!({ "deliver": "return" });
    let started = app
        .portal()
        .start_recovery(&user.id, &order)
        .expect_json(200);
    let code = started["code"].as_str().expect("a code is text");
    app.visitor()
        .verify_otp(&earlier.challenge_id, &earlier.mail.code())
        .expect_problem(400, "invalid-otp");
    app.visitor()
        .verify_otp(&earlier.challenge_id, code)
        .expect_json(200);

    let other = app.create_user();
    let started = app
        .portal()
        .start_recovery(&other.id, &order)
        .expect_json(200);
    let code = started["code"].as_str().expect("a code is text");
    app.visitor()
        .verify_otp_for(&other.email, code)
        .expect_json(200);
}

#[test]
fn a_mailed_recovery_by_an_administrator_says_where_its_code_is_typed() {
    let app = App::shared();
    let user = app.create_user();
    app.portal()
        .start_recovery(&user.id, &json!({ "deliver": "email" }))
        .expect_json(202);
    let mail = app.sink().wait_for_mail(&user.email);
    let page = format!("{PUBLIC_BASE_URL}/verify-otp");
    assert!(mail.text.contains(&page) && mail.html.contains(&page));
    app.visitor()
        .verify_otp_for(&user.email, &mail.code())
        .expect_json(200);
}

#[test]
fn guesses_by_address_and_by_challenge_share_their_budget() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let code = recovery.mail.code();
    for _ in 0..3 {
        app.visitor()
            .verify_otp_for(&user.email, &wrong_code(&code))
            .expect_problem(400, "invalid-otp");
    }
    for _ in 0..2 {
        app.visitor()
            .verify_otp(&recovery.challenge_id, &wrong_code(&code))
            .expect_problem(400, "invalid-otp");
    }
    app.visitor()
        .verify_otp_for(&user.email, &code)
        .expect_problem(400, "invalid-otp");
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_nothing();
}

#[test]
fn guesses_before_there_is_a_code_cost_the_owner_none() {
    let app = App::shared();
    let user = app.create_user();
    for _ in 0..16 {
        app.visitor()
            .verify_otp_for(&user.email, "000000")
            .expect_problem(400, "invalid-otp");
    }
    let mail = app.recover(&user).mail;
    app.visitor()
        .verify_otp_for(&user.email, &mail.code())
        .expect_json(200);
}

#[test]
fn a_code_is_taken_with_blanks_and_in_other_digits() {
    let app = App::shared();
    let other_digits = |zero: u32, code: &str| -> String {
        let digits = code.chars().filter_map(|digit| digit.to_digit(10));
        digits
            .filter_map(|digit| char::from_u32(zero + digit))
            .collect()
    };
    let shapes: [fn(&str) -> String; 4] = [
        |code| format!("{code}\r\n"),
        |code| format!("{} {}", &code[..3], &code[3..]),
        |code| code.split("").collect::<Vec<_>>().join("."),
        |code| format!("\u{200e}{code}\u{feff}"),
    ];
    let arabic = |code: &str| other_digits(0x660, code);
    let wide = |code: &str| other_digits(0xff10, code);
    for number in 0..6 {
        let user = app.create_user();
        let code = app.recover(&user).mail.code();
        let typed = match number {
            4 => arabic(&code),
            5 => wide(&code),
            shape => shapes[shape](&code),
        };
        app.visitor()
            .verify_otp_for(&user.email, &typed)
            .expect_json(200);
    }
}

#[test]
fn a_code_is_for_a_challenge_or_for_an_address() {
    let app = App::shared();
    let visitor = app.visitor();
    for (body, pointers) in [
        (json!({ "code": "123456" }), vec!["/challenge_id"]),
        (
            json!({ "code": "123456", "challenge_id": "a", "email": "ann@example.test" }),
            vec!["/email"],
        ),
        (
            json!({ "code": "123456", "email": "zebra" }),
            vec!["/email"],
        ),
        (json!({ "email": "ann@example.test" }), vec!["/code"]),
    ] {
        let refused = visitor.post("/v1/verify-otp", &body);
        assert_eq!(refused.expect_invalid(), pointers, "{body}");
    }
}
