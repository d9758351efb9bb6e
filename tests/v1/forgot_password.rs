//! `POST /v1/forgot-password`

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::app::{
    Answer, App, Caller as _, Provider, Recovery, assert_alike, assert_same_shape, random_token,
    strong_password, unique_email,
};

#[test]
fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    let app = App::shared();
    let user = app.create_user();
    let stranger = unique_email();
    // Once each beforehand, so that neither is the first call of a new instance.
    app.visitor()
        .forgot_password(&unique_email())
        .expect_status(202);

    let unknown = app.visitor().forgot_password(&stranger);
    let known = app.visitor().forgot_password(&user.email);

    assert_eq!(known.status, 202);
    assert_same_shape(&unknown, &known);
    app.sink().wait_for_mail(&user.email);
    app.sink().assert_no_mail(&stranger);
}

#[test]
fn the_domain_of_an_address_may_be_typed_in_any_case() {
    let app = App::shared();
    let user = app.create_user();
    let (local, domain) = user
        .email
        .split_once('@')
        .expect("an address has an at sign");

    app.visitor()
        .challenge(&format!("{local}@{}", domain.to_uppercase()));

    // To the stored address, not the typed one.
    app.sink().wait_for_mail(&user.email);
}

#[test]
fn a_second_request_within_the_cooldown_is_tied_to_the_first_ones_mail() {
    let app = App::shared();
    let user = app.create_user();
    let first = app.recover(&user);
    let second = app.visitor().challenge(&user.email);
    assert_ne!(second, first.challenge_id);
    app.sink().assert_no_mail(&user.email);

    let verified = app.visitor().verify_otp(&second, &first.mail.code());
    verified.expect_json(200);
}

#[test]
fn a_newer_challenge_kills_the_older() {
    let app = App::builder().variable("cooldown_seconds", "1").start();
    let user = app.create_user();
    let older = app.recover(&user);
    thread::sleep(Duration::from_millis(2100));
    let newer = app.recover(&user);
    assert_ne!(newer.mail.link_token(), older.mail.link_token());

    let visitor = app.visitor();
    visitor
        .verify_otp(&older.challenge_id, &older.mail.code())
        .expect_problem(400, "invalid-otp");
    let by_link = visitor.reset_password(&older.mail.link_token(), "irrelevant-heron-91");
    by_link.expect_problem(400, "invalid-reset-token");
    visitor
        .verify_otp(&newer.challenge_id, &newer.mail.code())
        .expect_json(200);
}

#[test]
fn a_locale_may_be_named() {
    let app = App::shared();
    let user = app.create_user();
    let body = json!({ "email": user.email, "locale": "de" });
    app.visitor()
        .post("/v1/forgot-password", &body)
        .expect_json(202);
    app.sink().wait_for_mail(&user.email);
}

#[test]
fn a_language_that_is_not_understood_costs_no_mail() {
    let app = App::shared();
    for (locale, subject) in [
        ("pt_BR", "Redefinir"),
        ("de_DE.UTF-8", "zurücksetzen"),
        ("zh_CN", "重置"),
        ("ar-EG", "إعادة تعيين"),
        ("nl", "Stel je wachtwoord"),
        ("es-419", "Restablecer"),
        ("fr_FR@euro", "Réinitialisation"),
        ("x-klingon", "Reset your"),
        ("C", "Reset your"),
        ("POSIX", "Reset your"),
        ("", "Reset your"),
        ("English (United States)", "Reset your"),
        (&"é".repeat(200), "Reset your"),
    ] {
        let user = app.create_user();
        let body = json!({ "email": user.email, "locale": locale });
        app.visitor()
            .post("/v1/forgot-password", &body)
            .expect_json(202);
        let mail = app.sink().wait_for_mail(&user.email);
        assert!(mail.subject.contains(subject), "{locale}: {}", mail.subject);
    }
}

#[test]
fn what_is_not_an_address_is_refused_by_name_and_not_repeated() {
    let app = App::shared();
    let long_local = format!("{}@example.test", "a".repeat(260));
    let addresses = [
        "",
        "zebra",
        "zebra@",
        "@example.test",
        "zebra @example.test",
        " zebra@example.test",
        "zebra@a..test",
        "zebra@example.test\r\nBcc: all@example.test",
        "zebra@-example.test",
        "zebra\u{0}@example.test",
        &long_local,
    ];
    for address in addresses {
        let answer = app.visitor().forgot_password(address);
        assert_eq!(answer.expect_invalid(), ["/email"], "{address:?}");
        assert!(!answer.text().contains("zebra"), "{}", answer.text());
    }
}

#[test]
fn a_provider_that_never_answers_holds_no_answer_up() {
    let app = App::start();
    app.sink().provider(Provider::Hangs);

    let answer_time = || {
        let user = app.create_user();
        let asked = Instant::now();
        app.visitor().challenge(&user.email);
        asked.elapsed()
    };
    // Answers that wait for the provider all take at least its timeout of five seconds. On a loaded machine a single one
    // may take that long anyway.
    let times: Vec<Duration> = (0..5).map(|_| answer_time()).collect();
    assert!(
        times.iter().any(|&time| time < Duration::from_secs(5)),
        "{times:?}"
    );
}

#[test]
fn a_client_over_its_limit_is_told_when_to_come_back() {
    let app = App::builder()
        .variable("limit_client_forgot", "3/86400")
        .start();
    let visitor = app.visitor();
    for _ in 0..3 {
        visitor.forgot_password(&unique_email()).expect_json(202);
    }

    let refused = visitor.forgot_password(&unique_email());
    refused.expect_problem(429, "rate-limited");
    let seconds = refused
        .header("retry-after")
        .and_then(|seconds| seconds.parse::<u32>().ok());
    assert!(
        seconds.is_some_and(|seconds| (1..=86_400).contains(&seconds)),
        "{:?}",
        refused.headers
    );
    assert!(
        refused
            .header("ratelimit")
            .is_some_and(|limit| limit.contains("r=0")),
        "{:?}",
        refused.headers
    );
    let policy = refused.header("ratelimit-policy").unwrap_or_default();
    assert!(
        policy.contains("q=3") && policy.contains("w=86400"),
        "{policy}"
    );
}

#[test]
fn the_limit_does_not_tell_known_addresses_from_unknown_ones() {
    let refusal = |known: bool| -> Answer {
        let app = App::builder()
            .variable("limit_client_forgot", "2/86400")
            .start();
        let user = app.create_user();
        let email = if known { user.email } else { unique_email() };
        for _ in 0..2 {
            app.visitor().forgot_password(&email).expect_json(202);
        }
        let mut refused = app.visitor().forgot_password(&email);
        refused.expect_problem(429, "rate-limited");
        // It counts down the seconds, and time passes between the two.
        refused.headers.retain(|(name, _)| name != "retry-after");
        refused
    };
    assert_alike(&refusal(true), &refusal(false));
}

#[test]
fn a_forged_address_does_not_escape_the_limit() {
    let app = App::builder()
        .variable("limit_client_forgot", "3/86400")
        .start();
    let forgers = [
        "spin-client-addr",
        "x-forwarded-for",
        "forwarded",
        "x-real-ip",
        "true-client-ip",
    ];
    for attempt in 0..3 {
        let visitor = app
            .visitor()
            .sending("spin-client-addr", &format!("198.51.100.{attempt}:4000"));
        visitor.forgot_password(&unique_email()).expect_json(202);
    }
    for header in forgers {
        for address in [
            "203.0.113.7:4000",
            "203.0.113.8",
            "for=203.0.113.9",
            "",
            "nonsense",
        ] {
            let visitor = app.visitor().sending(header, address);
            visitor
                .forgot_password(&unique_email())
                .expect_problem(429, "rate-limited");
        }
    }
}

#[test]
fn behind_a_trusted_proxy_each_forwarded_address_has_a_limit_of_its_own() {
    let app = App::builder()
        .variable("limit_client_forgot", "2/86400")
        .variable("trusted_proxy_header", "x-forwarded-for")
        .variable("trusted_proxy_hops", "1")
        .start();
    let ask = |forwarded: &str| {
        app.visitor()
            .sending("x-forwarded-for", forwarded)
            .forgot_password(&unique_email())
    };
    ask("203.0.113.1").expect_json(202);
    ask("203.0.113.1").expect_json(202);
    ask("203.0.113.1").expect_problem(429, "rate-limited");
    ask("203.0.113.2").expect_json(202);
    // One proxy appends one address: what comes before it was written by the client.
    ask("198.51.100.9, 203.0.113.1").expect_problem(429, "rate-limited");
    // A person has a /64 to choose from.
    ask("2001:db8:0:1::1").expect_json(202);
    ask("2001:db8:0:1:ffff::2").expect_json(202);
    ask("2001:db8:0:1:aaaa::3").expect_problem(429, "rate-limited");
    ask("2001:db8:0:2::1").expect_json(202);
}

#[test]
fn the_limit_of_all_clients_together_holds() {
    let app = App::builder()
        .variable("limit_app_forgot", "4/86400")
        .start();
    for _ in 0..4 {
        app.visitor()
            .forgot_password(&unique_email())
            .expect_json(202);
    }
    app.visitor()
        .forgot_password(&unique_email())
        .expect_problem(429, "rate-limited");
}

#[test]
fn an_accounts_own_limit_is_kept_in_silence() {
    let app = App::builder()
        .variable("cooldown_seconds", "1")
        .variable("limit_account", "2/3600,10/86400")
        .start();
    let user = app.create_user();
    let mut last = None;
    for _ in 0..2 {
        last = Some(app.recover(&user));
        thread::sleep(Duration::from_millis(2100));
    }

    app.visitor().forgot_password(&user.email).expect_json(202);
    app.sink().assert_no_mail(&user.email);

    let Recovery { challenge_id, mail } = last.expect("two recoveries were asked for");
    app.visitor()
        .verify_otp(&challenge_id, &mail.code())
        .expect_json(200);
}

#[test]
fn an_address_is_found_in_any_case_and_any_script_and_mailed_as_it_is_stored() {
    let app = App::shared();
    let portal = app.portal();
    let local = random_token(6).to_lowercase();
    let stored = format!("Ann.{local}@xn--bcher-kva.example");
    let password = strong_password();
    let account = json!({ "email": format!("Ann.{local}@bücher.example"), "password": password });
    portal.create_user(&account).expect_json(201);
    let typed = format!("ann.{local}@BÜCHER\u{3002}example");
    app.visitor().challenge(&typed);
    let mail = app.sink().wait_for_mail(&stored);
    let new_password = strong_password();
    app.visitor()
        .reset_password(&mail.link_token(), &new_password)
        .expect_nothing();
    for email in [&typed, &stored, &stored.to_uppercase()] {
        portal.sign_in(email, &new_password).expect_json(200);
    }
    app.visitor()
        .post(
            "/v1/forgot-password",
            &json!({ "email": typed, "locale": null }),
        )
        .expect_json(202);
    let refused = app.visitor().forgot_password("änn@bücher.example");
    assert_eq!(refused.expect_invalid(), ["/email"]);
}
