//! A burst at a provider that takes two emails a second, as the smallest plans do.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::all;
use crate::app::{App, MailSink, Provider, User, strong_password, wait_for};

const PEOPLE: usize = 60;
/// The life of a code.
const CODES_LIVE_FOR: Duration = Duration::from_mins(10);

/// Sixty people who ask at the same moment.
pub(super) struct Burst {
    pub(super) users: Vec<User>,
    began: Instant,
    /// How many emails there are, with those from before.
    emails: usize,
}

impl Burst {
    /// All of them ask at once.
    pub(super) fn begin(app: &App) -> Self {
        let before = all(app, "limit=100").len();
        let users: Vec<User> = (0..PEOPLE).map(|_| app.create_user()).collect();
        let began = Instant::now();
        thread::scope(|scope| {
            for user in &users {
                scope.spawn(|| app.visitor().challenge(&user.email));
            }
        });
        let emails = before + PEOPLE;
        wait_for(|| match all(app, "limit=100").len() {
            number if number == emails => Ok(()),
            number => Err(number),
        });
        Self {
            users,
            began,
            emails,
        }
    }

    /// Runs the courier until all emails are sent, earlier ones included.
    #[track_caller]
    pub(super) fn run_courier_until_all_are_sent(&self, app: &App) {
        while all(app, "limit=100&state=sent").len() < self.emails {
            app.portal().run_courier().expect_status(200);
            assert!(
                self.began.elapsed() < CODES_LIVE_FOR,
                "{:?}",
                all(app, "limit=100")
            );
            thread::sleep(Duration::from_secs(1));
        }
    }

    /// Asserts that each of them was emailed once, and that no refusal was charged to an email.
    #[track_caller]
    pub(super) fn assert_mailed_once(&self, app: &App) {
        let emails = all(app, "limit=100");
        let mut calls = 0;
        for user in &self.users {
            let own: Vec<_> = emails
                .iter()
                .filter(|email| email["user_id"] == *user.id)
                .collect();
            assert_eq!(own.len(), 1, "{own:?}");
            assert_eq!(own[0]["attempts"], 1, "{own:?}");
            assert_eq!(app.sink().accepted(&user.email), 1);
            calls += app.sink().attempts(&user.email).len();
        }
        // Each email was refused once right after its request, and now and then once more when the courier tried.
        assert!(calls < 3 * PEOPLE, "{calls} calls");
    }
}

#[test]
fn slow_sixty_people_who_ask_at_once_are_all_mailed_once_while_their_codes_live() {
    let app = App::start();
    app.sink().provider(Provider::TakesASecond(2));
    let burst = Burst::begin(&app);
    burst.run_courier_until_all_are_sent(&app);
    burst.assert_mailed_once(&app);
    let last = app.sink().wait_for_mail(&burst.users[PEOPLE - 1].email);
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
    app.sink().provider(Provider::TakesASecond(2));
    fallback.provider(Provider::TakesASecond(2));
    let burst = Burst::begin(&app);
    burst.run_courier_until_all_are_sent(&app);
    let mut by_fallback = 0;
    for user in &burst.users {
        let accepted = fallback.accepted(&user.email);
        assert_eq!(app.sink().accepted(&user.email) + accepted, 1);
        by_fallback += accepted;
    }
    assert!(by_fallback >= PEOPLE / 4, "{by_fallback} by the fallback");
}
