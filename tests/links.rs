//! Emailed links, as mailers, scanners and people change them.

use serde_json::{Value, json};

use crate::app::{Answer, App, Caller as _, PUBLIC_BASE_URL, strong_password};

/// Ways in which a link is damaged when it is opened or pasted.
fn damaged(link: &str, token: &str) -> Vec<String> {
    let (head, tail) = token.split_at(token.len() / 2);
    vec![
        format!("  {token}\n"),
        format!("{token}."),
        format!("<{token}>"),
        format!("{token}),"),
        format!("{head}\r\n{tail}"),
        format!("{head}=\r\n{tail}"),
        format!("{head} {tail}"),
        format!("token=3D{token}"),
        format!("3D{token}"),
        format!("{token}?utm_source=newsletter&utm_medium=email"),
        format!("{token}&amp;utm_source=newsletter"),
        format!("{token}Or"),
        link.to_owned(),
        format!("<{link}>"),
        link.replace('#', "%23"),
        link.replace('#', "%2523"),
        format!("{link}%3E%0A"),
        format!("{PUBLIC_BASE_URL}/reset-password#token={token}"),
        format!("{PUBLIC_BASE_URL}/reset-password%23token%3D{token}"),
        format!(
            "https://scanner.example.net/?url={}&data=05%7C02",
            link.replace('#', "%2523").replace(':', "%3A")
        ),
    ]
}

#[test]
fn a_token_is_found_in_what_is_left_of_its_link() {
    let app = App::shared();
    let user = app.create_user();
    let mail = app.recover(&user).mail;
    let token = mail.link_token();
    let link = format!("{PUBLIC_BASE_URL}/reset-password#token={token}");
    assert!(mail.text.contains(&link), "{}", mail.text);
    for text in damaged(&link, &token) {
        let checked = app.visitor().check_token(&text).expect_json(200);
        assert_eq!(checked["email"], user.email, "{text}");
    }
    let pasted = format!("{}.", link.replace('#', "%23"));
    let new_password = strong_password();
    app.visitor()
        .reset_password(&pasted, &new_password)
        .expect_nothing();
    app.assert_signs_in(&user, &new_password);
}

#[test]
fn a_reset_token_and_one_that_cancels_are_found_too() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let reset_token = app.reset_token(&recovery);
    for text in damaged(
        &format!("{PUBLIC_BASE_URL}/reset-password#token={reset_token}"),
        &reset_token,
    ) {
        app.visitor().check_token(&text).expect_json(200);
    }
    let cancel = format!(
        "({PUBLIC_BASE_URL}/cancel-recovery%23token={})",
        recovery.mail.cancel_token()
    );
    app.visitor().cancel_recovery(&cancel).expect_nothing();
}

#[test]
fn a_link_is_its_page_and_a_short_token_on_a_line_of_its_own() {
    let app = App::shared();
    let user = app.create_user();
    let order = json!({ "deliver": "return" });
    let started: Value = app
        .portal()
        .start_recovery(&user.id, &order)
        .expect_json(200);
    let link = started["link"].as_str().expect("a link is text");
    let start = format!("{PUBLIC_BASE_URL}/reset-password#token=");
    let token = link.strip_prefix(&start).expect("it is ours");
    // 256 bits.
    assert_eq!(token.len(), 43);
    let mail = app.recover(&app.create_user()).mail;
    for token in [mail.link_token(), mail.cancel_token()] {
        let is_whole = |line: &str| line.starts_with(PUBLIC_BASE_URL) && line.ends_with(&token);
        assert!(mail.text.lines().any(is_whole), "{}", mail.text);
    }
}

fn page(app: &App, path: &str) -> Answer {
    let call = app.visitor().call("GET", path);
    call.header("accept", "text/html").send()
}

#[test]
fn a_link_whose_fragment_became_part_of_its_path_opens_its_page() {
    let app = App::shared();
    let token = "a1-_".repeat(11);
    for name in ["reset-password", "cancel-recovery"] {
        for rest in [
            String::new(),
            "/".to_owned(),
            format!("%23token={token}"),
            format!("%23{token}"),
            format!("%2523{token}%3E"),
            format!("%23{token}?utm_source=newsletter"),
            format!("?token={token}"),
            "%23".to_owned(),
        ] {
            let path = format!("/{name}{rest}");
            let answer = page(&app, &path).expect_status(200);
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert!(answer.text().contains(&format!("{name}.js")), "{path}");
            assert!(!answer.text().contains(&token), "{path}");
        }
    }
    assert!(!app.log().contains(&token), "{}", app.log());
    for path in [
        "/reset-passwords",
        "/reset-password/nothing",
        "/reset-password.html",
    ] {
        page(&app, path).expect_status(404);
    }
}
