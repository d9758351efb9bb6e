//! A burst at a provider that takes two mails a second, as the smallest plans do.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::all;
use crate::app::{App, MailSink, Provider, User, strong_password, wait_for};

const PEOPLE: usize = 60;
/// The life of a code.
const CODES_LIVE_FOR: Duration = Duration::from_mins(10);

/// All of them ask at once.
fn all_ask(app: &App, users: &[User]) {
    thread::scope(|scope| {
        for user in users {
            scope.spawn(|| app.visitor().challenge(&user.email));
        }
    });
    wait_for(|| match all(app, "limit=100").len() {
        PEOPLE => Ok(()),
        fewer => Err(fewer),
    });
}

/// Has the courier come until all mails are sent.
#[track_caller]
fn run_courier_until_all_are_sent(app: &App, began: Instant) {
    while all(app, "limit=100&state=sent").len() < PEOPLE {
        app.portal().run_courier().expect_status(200);
        assert!(
            began.elapsed() < CODES_LIVE_FOR,
            "{:?}",
            all(app, "limit=100")
        );
        thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn slow_sixty_people_who_ask_at_once_are_all_mailed_once_while_their_codes_live() {
    let app = App::start();
    let users: Vec<User> = (0..PEOPLE).map(|_| app.create_user()).collect();
    app.sink().provider(Provider::TakesASecond(2));
    let began = Instant::now();
    all_ask(&app, &users);
    run_courier_until_all_are_sent(&app, began);

    for email in all(&app, "limit=100") {
        assert_eq!(email["attempts"], 1, "{email}");
    }
    let mut calls = 0;
    for user in &users {
        assert_eq!(app.sink().accepted(&user.email), 1);
        calls += app.sink().attempts(&user.email).len();
    }
    // One each in vain right after the request, and now and then one of the courier's.
    assert!(calls < 3 * PEOPLE, "{calls} calls");
    let last = app.sink().wait_for_mail(&users[PEOPLE - 1].email);
    app.visitor()
        .reset_password(&last.link_token(), &strong_password())
        .expect_nothing();
}

#[test]
fn slow_two_throttling_providers_are_used_side_by_side() {
    let fallback = MailSink::start();
    let app = App::builder()
        .variable("email_fallback_provider", "resend")
        .variable("email_fallback_api_origin", fallback.origin())
        .variable("email_fallback_api_key", "re_fallback")
        .start();
    let users: Vec<User> = (0..PEOPLE).map(|_| app.create_user()).collect();
    app.sink().provider(Provider::TakesASecond(2));
    fallback.provider(Provider::TakesASecond(2));
    let began = Instant::now();
    all_ask(&app, &users);
    run_courier_until_all_are_sent(&app, began);
    let mut by_fallback = 0;
    for user in &users {
        let accepted = fallback.accepted(&user.email);
        assert_eq!(app.sink().accepted(&user.email) + accepted, 1);
        by_fallback += accepted;
    }
    assert!(by_fallback >= PEOPLE / 4, "{by_fallback} by the fallback");
}
