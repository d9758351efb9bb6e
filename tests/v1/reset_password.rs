//! `POST /v1/reset-password`

mod check;

use serde_json::json;

use crate::app::{App, Caller as _, altered, assert_alike, random_token, strong_password};

#[test]
fn a_used_token_is_refused_like_an_unknown_one() {
    let app = App::shared();
    let visitor = app.visitor();

    let user = app.create_user();
    let reset_token = app.reset_token(&app.recover(&user));
    visitor
        .reset_password(&reset_token, &strong_password())
        .expect_nothing();
    let spent = visitor.reset_password(&reset_token, &strong_password());
    spent.expect_problem(400, "invalid-reset-token");

    let other = app.create_user();
    let link_token = app.recover(&other).mail.link_token();
    visitor
        .reset_password(&link_token, &strong_password())
        .expect_nothing();
    let spent_link = visitor.reset_password(&link_token, &strong_password());

    let never_issued = visitor.reset_password(&random_token(32), &strong_password());
    let altered_token = visitor.reset_password(&altered(&reset_token), &strong_password());
    let altered_link = visitor.reset_password(&altered(&link_token), &strong_password());
    for refused in [spent_link, never_issued, altered_token, altered_link] {
        assert_alike(&refused, &spent);
    }
}

#[test]
fn a_refused_password_leaves_the_token_usable() {
    let app = App::shared();
    let visitor = app.visitor();
    for by_link in [false, true] {
        let user = app.create_user();
        let recovery = app.recover(&user);
        let token = if by_link {
            recovery.mail.link_token()
        } else {
            app.reset_token(&recovery)
        };
        for refused in ["short", "password", "letmein123", &user.email] {
            visitor.reset_password(&token, refused).expect_violations();
        }

        let new_password = strong_password();
        visitor
            .reset_password(&token, &new_password)
            .expect_nothing();
        app.assert_signs_in(&user, &new_password);
    }
}

#[test]
fn every_violation_is_named_at_once() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.reset_token(&app.recover(&user));
    let (local, _) = user
        .email
        .split_once('@')
        .expect("an address has an at sign");
    let refused: [(&str, &[&str]); 5] = [
        ("zx9", &["too-short", "too-weak"]),
        ("password", &["too-common", "too-weak"]),
        (&user.email, &["similar-to-email"]),
        (local, &["similar-to-email"]),
        ("keyback", &["similar-to-app-name", "too-short", "too-weak"]),
    ];
    for (password, expected) in refused {
        let answer = app.visitor().reset_password(&token, password);
        let violations = answer.expect_violations();
        for code in expected {
            assert!(
                violations.iter().any(|violation| violation == code),
                "{password}: no {code} in {violations:?}"
            );
        }
        assert!(!answer.text().contains(&user.email), "{}", answer.text());
    }
}

#[test]
fn a_dead_token_is_refused_before_the_password_is_looked_at() {
    let app = App::shared();
    let refused = app.visitor().reset_password(&random_token(32), "weak");
    refused.expect_problem(400, "invalid-reset-token");
}

#[test]
fn a_password_is_the_same_however_its_letters_are_composed() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.reset_token(&app.recover(&user));
    let rest = strong_password();
    let (decomposed, composed) = (format!("Kra\u{308}he {rest}"), format!("Kr\u{e4}he {rest}"));

    app.visitor()
        .reset_password(&token, &decomposed)
        .expect_nothing();

    app.assert_signs_in(&user, &composed);
    app.assert_signs_in(&user, &decomposed);
    app.assert_does_not_sign_in(&user, &format!("Krahe {rest}"));
}

#[test]
fn a_password_is_counted_in_code_points_and_never_cut() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.reset_token(&app.recover(&user));
    // Four octets each: as long as a password can be in both measures.
    let longest: String = random_token(192).chars().map(astral).collect();
    assert_eq!((longest.chars().count(), longest.len()), (256, 1024));

    let refused = app.visitor().reset_password(&token, &format!("{longest}a"));
    assert!(refused.expect_violations().contains(&"too-long".to_owned()));
    app.visitor()
        .reset_password(&token, &longest)
        .expect_nothing();

    app.assert_signs_in(&user, &longest);
    let cut: String = longest.chars().take(255).collect();
    app.assert_does_not_sign_in(&user, &cut);
}

#[test]
fn the_shortest_password_has_eight_code_points() {
    // No eight letters are hard enough to guess for the shipped strength.
    let app = App::builder()
        .variable("password_min_strength", "2")
        .start();
    let user = app.create_user();
    let token = app.reset_token(&app.recover(&user));
    let seven: String = random_token(6).chars().take(7).map(astral).collect();
    let refused = app.visitor().reset_password(&token, &seven);
    assert!(
        refused
            .expect_violations()
            .contains(&"too-short".to_owned())
    );

    let eight: String = random_token(6).chars().map(astral).collect();
    assert_eq!(eight.chars().count(), 8);
    app.visitor()
        .reset_password(&token, &eight)
        .expect_nothing();
    app.assert_signs_in(&user, &eight);
}

#[test]
fn spaces_and_case_of_a_password_are_kept() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.reset_token(&app.recover(&user));
    let password = format!("  {}\t ", strong_password());
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();

    app.assert_signs_in(&user, &password);
    app.assert_does_not_sign_in(&user, password.trim());
    app.assert_does_not_sign_in(&user, &password.to_uppercase());
}

#[test]
fn a_get_with_the_token_uses_nothing_up() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    let path = format!("/v1/reset-password?token={token}&new_password=heron-in-the-reeds-7");
    app.visitor()
        .get(&path)
        .expect_problem(405, "method-not-allowed");
    app.visitor().call("HEAD", &path).send().expect_status(405);
    // A mail scanner opens the link: nothing happens, whether the page is built or not.
    app.visitor().call("GET", "/reset-password").fetch();

    app.visitor()
        .reset_password(&token, &strong_password())
        .expect_nothing();
}

#[test]
fn sign_out_everywhere_may_be_declined() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.recover(&user).mail.link_token();
    let password = strong_password();
    let body = json!({ "token": token, "new_password": password, "sign_out_everywhere": false });
    app.visitor()
        .post("/v1/reset-password", &body)
        .expect_nothing();
    app.assert_signs_in(&user, &password);
}

#[test]
fn a_client_over_its_limit_is_refused() {
    let app = App::builder()
        .variable("limit_client_reset", "3/86400")
        .start();
    for _ in 0..3 {
        let refused = app
            .visitor()
            .reset_password(&random_token(32), &strong_password());
        refused.expect_problem(400, "invalid-reset-token");
    }
    let refused = app
        .visitor()
        .reset_password(&random_token(32), &strong_password());
    refused.expect_problem(429, "rate-limited");
}

/// An ideograph outside of Unicode's first plane for each letter of ASCII; none of them composes.
fn astral(letter: char) -> char {
    char::from_u32(0x2_0000 + u32::from(letter)).expect("there is an ideograph for each")
}

#[test]
fn the_current_password_is_refused_with_a_link_and_with_a_code() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let link = recovery.mail.link_token();
    let refused = app.visitor().reset_password(&link, &user.password);
    assert_eq!(refused.expect_violations(), ["same-as-current"]);
    let token = app.reset_token(&recovery);
    let refused = app.visitor().reset_password(&token, &user.password);
    assert_eq!(refused.expect_violations(), ["same-as-current"]);
    let password = strong_password();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.assert_signs_in(&user, &password);
}

#[test]
fn what_an_attacker_tries_first_is_refused_and_so_are_the_operators_words() {
    let app = App::builder()
        .variable("app_name", "Harbour Desk")
        .variable("password_blocklist", "Nautilus, kraken\nSt. Elmo")
        .start();
    let name = random_token(6).to_lowercase();
    let email = format!("{name}.okafor@quayside.example");
    let account = json!({ "email": email });
    app.portal().create_user(&account).expect_json(201);
    let link = app.recover_at(&email).mail.link_token();
    for (password, code) in [
        ("harbour-desk-harbour".to_owned(), "similar-to-app-name"),
        ("DESKdeskD3sk!".to_owned(), "similar-to-app-name"),
        (format!("{name}okafor1987"), "similar-to-email"),
        ("okafor-okafor-7".to_owned(), "similar-to-email"),
        ("quayside2026!".to_owned(), "similar-to-email"),
        ("Nautilus-2026".to_owned(), "too-common"),
        ("kr4k3nkraken".to_owned(), "too-common"),
        ("st.elmo.st.elmo".to_owned(), "too-common"),
        ("monday2026monday".to_owned(), "too-weak"),
    ] {
        let refused = app.visitor().reset_password(&link, &password);
        let codes = refused.expect_violations();
        assert!(codes.contains(&code.to_owned()), "{password}: {codes:?}");
    }
    let good = "nautilus under a harbour moon";
    app.visitor().reset_password(&link, good).expect_nothing();
}

/// Look-alike characters kept zxcvbn busy for seconds.
#[test]
fn a_text_that_is_hard_to_rate_is_refused_or_taken_at_once() {
    let app = App::shared();
    let signs = "4@8({[<3691!|70$5+%2";
    for length in [20, 40, 100, 256] {
        let password: String = signs.chars().cycle().take(length).collect();
        let began = std::time::Instant::now();
        let account = json!({ "email": crate::app::unique_email(), "password": password });
        let _ = app.portal().create_user(&account);
        let took = began.elapsed();
        assert!(took.as_secs() < 2, "{length}: {took:?}");
    }
}
