//! Passwords that nobody chose.

use std::collections::BTreeSet;

use serde_json::json;

use super::{THREE_DAYS, lifetime, reset};
use crate::app::{App, strong_password};

#[test]
fn a_generated_password_is_returned_or_mailed_or_both() {
    let app = App::shared();
    let user = app.create_user();
    let mut seen = BTreeSet::new();
    for (returned, mailed) in [(true, false), (false, true), (true, true)] {
        let order = json!({ "generate": true, "return_password": returned, "send_email": mailed });
        let answer = reset(&app, &user, &order);
        assert_eq!(answer["change_required"], true);
        assert_eq!(answer.get("password").is_some(), returned, "{answer}");
        assert_eq!(answer.get("email_id").is_some(), mailed, "{answer}");
        let mail = app.sink().wait_for_mail(&user.email);
        let password = if returned {
            answer["password"].as_str().expect("it is text").to_owned()
        } else {
            mail.password()
        };
        assert_eq!(mail.everything().contains(&password), mailed);
        assert_eq!(mail.text.contains(&password), mailed);
        app.change_token(&user.email, &password);
        app.assert_does_not_sign_in(&user, &user.password);
        assert!(seen.insert(password), "one was drawn twice");
        let account = app.portal().find_user(&user.id).expect_json(200);
        assert_eq!(lifetime(&account["credential"]), THREE_DAYS);
    }
    for password in &seen {
        // A letter or digit out of 31 gives 4.9 bits.
        let drawn = password.chars().filter(char::is_ascii_alphanumeric).count();
        assert!(drawn >= 17, "{password} has less than 80 bits");
        let ambiguous = password.contains(['0', 'o', 'O', '1', 'l', 'I', 'i']);
        assert!(!ambiguous, "{password} is read in two ways");
    }
    app.sink().assert_no_mail(&user.email);
}

#[test]
fn the_strictest_policy_takes_it_even_where_nobody_may_type_one() {
    let app = App::builder()
        .variable("admin_may_choose_password", "false")
        .variable("password_min_length", "64")
        .variable("password_min_strength", "4")
        .variable("temporary_password_ttl_seconds", "3600")
        .start();
    let portal = app.portal();
    let newcomer = app.create_user_without_password();
    let typed = strong_password().repeat(4);
    for order in [
        json!({ "password": typed }),
        json!({ "password": typed, "generate": false, "send_email": true }),
        json!({ "password": "" }),
    ] {
        let refused = portal.reset_users_password(&newcomer.id, &order);
        assert_eq!(refused.expect_invalid(), ["/password"], "{order}");
    }
    let account = portal.find_user(&newcomer.id).expect_json(200);
    assert!(account["credential"].is_null(), "{account}");

    let generate = || {
        let order = json!({ "generate": true, "return_password": true });
        let answer = portal.reset_users_password(&newcomer.id, &order);
        let answer = answer.expect_json(200);
        answer["password"].as_str().expect("it is text").to_owned()
    };
    let (spare, password) = (generate(), generate());
    let account = portal.find_user(&newcomer.id).expect_json(200);
    assert_eq!(lifetime(&account["credential"]), 3600);
    // The policy applies when the user types a password, and accepts the one that was generated first.
    let token = app.change_token(&newcomer.email, &password);
    app.visitor()
        .reset_password(&token, &strong_password())
        .expect_violations();
    app.visitor()
        .reset_password(&token, &spare)
        .expect_nothing();
    portal.sign_in(&newcomer.email, &spare).expect_json(200);
}

#[test]
fn nothing_of_it_is_kept_or_printed_readable() {
    let app = App::start();
    let users = [app.create_user(), app.create_user(), app.create_user()];
    let [returned, mailed, typed] = &users;
    let order = json!({ "generate": true, "return_password": true });
    let answer = reset(&app, returned, &order);
    let shown = answer["password"].as_str().expect("it is text");
    reset(
        &app,
        mailed,
        &json!({ "generate": true, "send_email": true }),
    );
    let sent = app.sink().wait_for_mail(&mailed.email).password();
    let chosen = strong_password();
    let order = json!({ "password": chosen, "send_email": true, "reason": "asked by telephone" });
    reset(&app, typed, &order);
    app.sink().wait_for_mail(&typed.email);
    let order = json!({ "deliver": "return" });
    let recovery = app.portal().start_recovery(&typed.id, &order);
    let recovery = recovery.expect_json(200);
    let link = recovery["link"].as_str().expect("a link is text");
    let (_, link_token) = link.split_once('#').expect("it has a token");

    let tokens = [
        app.change_token(&returned.email, shown),
        app.change_token(&mailed.email, &sent),
        app.change_token(&typed.email, &chosen),
    ];
    assert!(app.keeps(&typed.id), "the state is there");
    let log = app.log();
    for secret in [shown, &sent, &chosen, link_token]
        .into_iter()
        .chain(tokens.iter().map(String::as_str))
    {
        assert!(!app.keeps(secret), "{secret} is kept");
        assert!(!log.contains(secret), "{secret} is printed: {log}");
    }
    for user in &users {
        assert!(!log.contains(&user.email), "{} is printed", user.email);
    }
}
