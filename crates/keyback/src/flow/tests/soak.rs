//! Two thousand recoveries while the provider fails half of its calls, instances die and the courier runs now and then:
//! in the end each email has been sent exactly once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ::http::Request;
use serde_json::{Value, json};

use crate::courier::after_response;
use crate::ports::NoAnswer;
use crate::testing::{App, Call, block_on, exchange, run_while};

const RECOVERIES: usize = 2_000;

/// What the provider has seen.
#[derive(Debug, Default)]
struct Seen {
    calls: u32,
    failed: u32,
    /// By address: the keys under which it accepted an email, even if the answer was lost.
    taken: BTreeMap<String, BTreeSet<String>>,
    /// By address: the token of the link in the email.
    links: BTreeMap<String, String>,
    /// By key: how often it was called.
    asked: BTreeMap<String, u32>,
    /// By key: how often it confirmed the email.
    acknowledged: BTreeMap<String, u32>,
}

fn email(number: usize) -> String {
    format!("user{number}@example.test")
}

fn number(email: &str) -> usize {
    let digits = email.strip_prefix("user").unwrap().split('@').next();
    digits.unwrap().parse().unwrap()
}

/// Whether the instance that answers this recovery dies before the work after the answer.
fn dies(number: usize) -> bool {
    number % 10 == 3
}

/// How often the provider fails before it accepts this account's email: never for every other account, once for every
/// fourth one, and so on; so it fails half of its calls.
fn failures(number: usize) -> u32 {
    (number + 1).trailing_zeros().min(4)
}

impl Seen {
    /// Answers the provider's next call.
    fn answer(&mut self, request: &Request<Vec<u8>>) -> Result<(u16, Option<String>), NoAnswer> {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let to = body["to"][0].as_str().unwrap().to_owned();
        let key = request.headers()["idempotency-key"].to_str().unwrap();
        let asked = self.asked.entry(key.to_owned()).or_default();
        *asked += 1;
        self.calls += 1;
        let (number, tried) = (number(&to), *asked);
        let fails = tried <= failures(number);
        let kind = (number / 2 + usize::try_from(tried).unwrap()) % 4;
        let took = !fails || kind == 0;
        if took {
            let text = body["text"].as_str().unwrap();
            let (_, rest) = text.split_once("/reset-password#token=").unwrap();
            let link = rest.split_whitespace().next().unwrap();
            self.links.insert(to.clone(), link.to_owned());
            self.taken.entry(to).or_default().insert(key.to_owned());
        }
        if !fails {
            *self.acknowledged.entry(key.to_owned()).or_default() += 1;
            return Ok((200, None));
        }
        self.failed += 1;
        match kind {
            // It accepted the email, and the answer was lost.
            0 => Err(NoAnswer::TimedOut),
            1 => Ok((500, None)),
            2 => Ok((500, Some("90".to_owned()))),
            _ => Err(NoAnswer::Unreachable),
        }
    }
}

fn with_accounts() -> App {
    let app = App::default();
    for (name, value) in [
        ("link_ttl_seconds", "86400"),
        ("limit_app_forgot", "10000/60"),
    ] {
        app.env.variables.set(name, value);
    }
    for number in 0..RECOVERIES {
        let body = json!({"email": email(number)});
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    }
    app
}

/// Asks for the recovery of each account, each from another client; five a second.
fn ask_for_all(app: &App) {
    for number in 0..RECOVERIES {
        app.come_from(&format!("10.1.{}.{}:1", number / 250, number % 250));
        let call = app.call("/v1/forgot-password", json!({"email": email(number)}));
        let (reply, deferred) = block_on(exchange(&app.env, &call));
        let _ = reply.expect(202);
        if dies(number) {
            let operations = u64::try_from(number).unwrap() / 10 % 50;
            app.env.store.halt_after(Some(operations));
            let _ = run_while(after_response::run(&app.env, deferred), || {
                !app.env.store.is_halted()
            });
            app.env.store.halt_after(None);
        } else {
            block_on(after_response::run(&app.env, deferred));
        }
        if number % 5 == 0 {
            app.advance(1);
        }
        if number % 300 == 0 {
            let _ = app.run_courier();
        }
        let _ = app.take_mails();
    }
}

/// How many emails are in `state`, over all pages.
fn count(app: &App, state: &str) -> usize {
    let mut count = 0;
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/admin/emails?limit=100&state={state}{cursor}");
        let page = app.make(&Call::get(&path)).expect(200).json();
        count += page["emails"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}

#[test]
fn two_thousand_mails_arrive_once_each_while_the_provider_fails_half_of_its_calls() {
    let app = with_accounts();
    let seen = Rc::new(RefCell::new(Seen::default()));
    let provider = Rc::clone(&seen);
    app.env
        .http
        .answer_by(move |request| provider.borrow_mut().answer(request));
    ask_for_all(&app);
    let waiting = count(&app, "pending");
    assert!(waiting > RECOVERIES / 10, "{waiting} wait for another try");

    // For twelve minutes the courier runs once a minute.
    for _ in 0..12 {
        app.run_courier_for(1);
        let _ = app.take_mails();
    }
    assert_eq!(count(&app, "sent"), RECOVERIES);
    assert_eq!(count(&app, ""), RECOVERIES);

    let before = seen.borrow().calls;
    app.run_courier_for(60);
    assert_eq!(seen.borrow().calls, before, "all is done");
    app.env.http.answer_by(|_| Ok((200, None)));
    let seen = seen.take();
    let share = f64::from(seen.failed) / f64::from(seen.calls);
    assert!((0.45..0.55).contains(&share), "{share} of the calls failed");
    assert_eq!(seen.taken.len(), RECOVERIES);
    let mut twice = 0;
    for (email, keys) in &seen.taken {
        assert_eq!(keys.len(), 1, "{email} got {keys:?}");
        let acknowledged = seen.acknowledged[keys.first().unwrap()];
        // An email is sent again only if its instance died between the provider's answer and recording it. The key is
        // the same, so the provider drops the duplicate.
        let most = if dies(number(email)) { 2 } else { 1 };
        assert!((1..=most).contains(&acknowledged), "{email}");
        twice += acknowledged - 1;
    }
    assert!(twice < 20, "{twice} were offered again");
    // The links that arrived work.
    for (email, link) in seen.links.iter().step_by(100) {
        assert_eq!(app.reset(link, App::NEW_PASSWORD).status, 204, "{email}");
    }
}
