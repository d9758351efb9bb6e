//! Providers and portals with rate limits: nothing is lost, no receiver is called too often, and no try is used up.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::base::timestamp::Timestamp;
use crate::courier::after_response;
use crate::ports::Clock as _;
use crate::testing::{App, Call, block_on, exchange};

const FALLBACK: &str = "mail.example.org";
const SECRET: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";

/// How many calls a receiver accepts, and how many it has refused.
#[derive(Debug, Clone, Default)]
struct Meter {
    second: Rc<Cell<(u64, u32)>>,
    refused: Rc<Cell<u32>>,
}

impl Meter {
    /// Accepts `rate` calls in each second, and refuses the others.
    fn takes(&self, now: Timestamp, rate: u32) -> bool {
        let (second, taken) = self.second.get();
        let taken = if second == now.unix_seconds() {
            taken
        } else {
            0
        };
        let is_taken = taken < rate;
        self.second
            .set((now.unix_seconds(), taken + u32::from(is_taken)));
        self.refused.set(self.refused.get() + u32::from(!is_taken));
        is_taken
    }
}

/// Each host in `limited` answers 429 to more than two calls a second; others accept all. A call takes 40 ms.
fn limit(app: &App, limited: &[&'static str], retry_after: &'static str) -> Meter {
    let clock = app.env.clock.clone();
    let meters: Vec<_> = limited
        .iter()
        .map(|host| (*host, Meter::default()))
        .collect();
    let first = meters[0].1.clone();
    app.env.http.answer_by(move |request| {
        clock.advance(Duration::from_millis(40));
        let host = request.uri().host().unwrap();
        let meter = meters.iter().find(|(limited, _)| *limited == host);
        Ok(match meter {
            Some((_, meter)) if !meter.takes(clock.now(), 2) => (429, Some(retry_after.to_owned())),
            _ => (200, None),
        })
    });
    first
}

/// The emails in `state`; at most a hundred.
fn emails_in(app: &App, state: &str) -> Vec<Value> {
    let call = Call::get(&format!("/v1/admin/emails?limit=100&state={state}"));
    let page = app.make(&call).expect(200).json();
    page["emails"].as_array().unwrap().clone()
}

fn email(number: usize) -> String {
    format!("user{number}@example.test")
}

fn with_accounts(count: usize) -> App {
    let app = App::default();
    for number in 0..count {
        let _ = app.create_account(&email(number)).expect(201);
    }
    let _ = app.take_mails();
    app
}

/// `count` users ask within a second; the work of each request is done before the next one's.
fn burst(app: &App, count: usize) {
    for number in 0..count {
        app.come_from(&format!("10.1.0.{number}:1"));
        let call = app.call("/v1/forgot-password", json!({"email": email(number)}));
        let (reply, deferred) = block_on(exchange(&app.env, &call));
        let _ = reply.expect(202);
        block_on(after_response::run(&app.env, deferred));
    }
}

/// Runs the courier at the next full minute. Returns how long the run took.
fn next_round(app: &App) -> Duration {
    let now = app.env.clock.now().unix_millis();
    app.env
        .clock
        .advance(Duration::from_millis(60_000 - now % 60_000));
    let began = app.env.clock.now();
    let _ = app.run_courier();
    app.env.clock.now().since(began)
}

#[test]
fn sixty_people_who_ask_at_once_all_get_their_mail_while_their_codes_live() {
    let app = with_accounts(60);
    let meter = limit(&app, &["api.resend.com"], "1");
    let began = app.env.clock.now();
    burst(&app, 60);
    let waiting = emails_in(&app, "pending");
    assert!(waiting.len() > 30, "{} wait", waiting.len());
    for email in &waiting {
        assert_eq!(email["attempts"], 0, "{email}");
        assert_eq!(
            email["last_error"],
            "resend answered 429: too many requests"
        );
    }
    let refused_before = meter.refused.get();
    for _ in 0..2 {
        assert!(next_round(&app) < Duration::from_mins(1));
    }
    assert_eq!(emails_in(&app, "sent").len(), 60);
    let took = app.env.clock.now().since(began);
    assert!(took < Duration::from_mins(4), "{took:?}");
    let in_vain = meter.refused.get() - refused_before;
    assert!(in_vain < 30, "{in_vain} calls of the courier were refused");
    let mails = app.take_mails();
    let to: BTreeSet<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    assert_eq!(to.len(), 60);
    for email in emails_in(&app, "sent") {
        assert_eq!(email["attempts"], 1, "{email}");
    }
}

#[test]
fn a_round_waits_for_a_provider_that_takes_no_mail_for_a_moment() {
    let seconds = |_: Timestamp| "20".to_owned();
    let date = |now: Timestamp| {
        let then = now.plus(Duration::from_secs(20)).unix_millis();
        httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_millis(then))
    };
    let forms: [fn(Timestamp) -> String; 2] = [seconds, date];
    for retry_after in forms {
        let app = with_accounts(1);
        let clock = app.env.clock.clone();
        let called = Rc::new(Cell::new(0));
        let calls = Rc::clone(&called);
        let open = clock.now().plus(Duration::from_secs(80));
        app.env.http.answer_by(move |_| {
            calls.set(calls.get() + 1);
            let now = clock.now();
            Ok(if now < open {
                (429, Some(retry_after(now)))
            } else {
                (200, None)
            })
        });
        let _ = app.forgot(&email(0));
        assert_eq!(called.get(), 1, "nobody sleeps after an answer");
        let report = {
            app.advance(60);
            app.run_courier().json()
        };
        assert_eq!(report["delivered"], 1, "{report}");
        assert!(called.get() <= 3, "{} calls", called.get());
        assert!(app.env.clock.now() >= open);
    }
}

#[test]
fn a_longer_wait_is_kept_costs_no_try_and_ends_the_round_for_mails_only() {
    let app = with_accounts(3);
    app.env.http.answer_with(429, Some("300"));
    burst(&app, 3);
    let _ = app.take_mails();
    let began = app.env.clock.now();
    let _ = app.run_courier();
    assert_eq!(app.take_mails(), []);
    app.advance(300);
    let report = app.run_courier().json();
    // One finds that nothing has changed. For the others that is news enough.
    assert!((1..=3).contains(&app.take_mails().len()));
    assert_eq!(report["delivered"], 0);
    assert!(app.env.clock.now().since(began) < Duration::from_secs(310));
    for email in emails_in(&app, "") {
        assert_eq!(email["attempts"], 0, "{email}");
    }
}

#[test]
fn a_provider_that_takes_no_mail_for_a_day_makes_a_mail_fail_in_the_end() {
    let app = App::with_account();
    let link = app.recover().link;
    app.env.http.answer_with(503, Some("600"));
    let _ = app.reset(&link, App::NEW_PASSWORD).expect(204);
    app.run_courier_for(23 * 60);
    assert_eq!(emails_in(&app, "pending")[0]["attempts"], 0);
    for _ in 0..31 {
        app.run_courier_for(60);
    }
    let failed = emails_in(&app, "failed").remove(0);
    assert_eq!(failed["attempts"], 10);
}

#[test]
fn each_provider_has_a_pace_of_its_own() {
    let app = with_accounts(60);
    for (name, value) in [
        ("email_fallback_provider", "resend"),
        ("email_fallback_api_key", "re_fallback"),
        ("email_fallback_api_origin", "https://mail.example.org"),
    ] {
        app.env.variables.set(name, value);
    }
    let _ = limit(&app, &["api.resend.com", FALLBACK], "1");
    burst(&app, 60);
    let waiting = emails_in(&app, "pending").len();
    let took = next_round(&app);
    assert_eq!(emails_in(&app, "sent").len(), 60);
    let least = Duration::from_secs(u64::try_from(waiting).unwrap() / 4);
    assert!(took > least / 2, "{waiting} in {took:?}");
    let requests = app.env.http.take_requests(|_| true);
    for host in ["api.resend.com", FALLBACK] {
        let count = requests
            .iter()
            .filter(|it| it.uri().host() == Some(host))
            .count();
        assert!(count >= 25, "{host}: {count}");
    }
}

#[test]
fn what_one_provider_is_too_busy_for_goes_to_the_other_at_once() {
    let app = with_accounts(1);
    for (name, value) in [
        ("email_fallback_provider", "resend"),
        ("email_fallback_api_key", "re_fallback"),
        ("email_fallback_api_origin", "https://mail.example.org"),
    ] {
        app.env.variables.set(name, value);
    }
    let busy = Ok((429, Some("30".to_owned())));
    app.env.http.answer_from("api.resend.com", busy);
    let _ = app.forgot(&email(0));
    assert_eq!(emails_in(&app, "sent")[0]["attempts"], 1);
}

#[test]
fn two_couriers_at_once_send_nothing_twice_and_find_the_same_pace() {
    let app = with_accounts(40);
    let _ = limit(&app, &["api.resend.com"], "1");
    burst(&app, 40);
    let now = app.env.clock.now().unix_millis();
    app.env
        .clock
        .advance(Duration::from_millis(60_000 - now % 60_000));
    for _ in 0..2 {
        let call = Call::post("/v1/courier/run", json!({}), "192.0.2.1:1");
        let both = async {
            futures::join!(exchange(&app.env, &call), exchange(&app.env, &call));
        };
        block_on(both);
        app.advance(30);
    }
    assert_eq!(emails_in(&app, "sent").len(), 40);
    let accepted: Vec<Value> = emails_in(&app, "sent");
    assert!(accepted.iter().all(|email| email["attempts"] == 1));
}

#[test]
fn a_portal_that_takes_two_events_a_second_hears_of_all_and_holds_up_no_mail() {
    let app = App::default();
    for (name, value) in [
        ("webhook_url", "https://portal.example.org/hook"),
        ("webhook_secret", SECRET),
    ] {
        app.env.variables.set(name, value);
    }
    let _ = limit(&app, &["portal.example.org"], "1");
    for number in 0..40 {
        let _ = app.create_account(&email(number)).expect(201);
    }
    burst(&app, 1);
    assert_eq!(emails_in(&app, "sent").len(), 1);
    for _ in 0..2 {
        assert!(next_round(&app) < Duration::from_mins(1));
    }
    let before = app.take_webhooks().len();
    assert!(before >= 41, "{before} calls");
    app.run_courier_for(5);
    assert_eq!(app.take_webhooks().len(), 0, "all were taken");
}
