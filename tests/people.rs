//! People who recover, sign in and are reset while the app fails or ends, and who remember what they were told.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::app::{Answer, App, AppBuilder, Call, Caller as _, Mail, strong_password, unique_email};

/// More than a call may wait for: 13 seconds for a lease that was left behind, and the delays of its store calls, which
/// a loaded machine makes longer.
const LONGEST: Duration = Duration::from_secs(40);

/// An app that does not limit how often somebody may ask for a recovery, or try the code of an email that was replaced.
/// Otherwise a request or a code would sometimes be in vain.
pub(crate) fn app() -> AppBuilder {
    App::builder()
        .variable("limit_account", "100/3600")
        .variable("attempts_per_challenge", "100")
        .variable("attempts_per_account_per_day", "100")
}

/// The subject of the email about a password that its owner changed.
const PASSWORD_CHANGED: &str = "Your Keyback password was changed";

/// An account's owner.
pub(crate) struct Person {
    id: String,
    email: String,
    /// One of these signs in. There are several if an answer was lost, or said that the outcome is unknown.
    passwords: Vec<String>,
    /// Tokens that were acknowledged as used.
    spent: Vec<String>,
    /// The challenge of the last request that was acknowledged, unless something may have ended its recovery since. A code
    /// that works with it is promised.
    promised: Option<String>,
    /// How many changes of the password by this person were acknowledged. An email about each must come.
    notices: usize,
    /// The id of the email with a password that an administrator set, unless a later change may have made it useless.
    password_mail: Option<String>,
}

/// What many people saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) calls: usize,
    pub(crate) outages: usize,
    /// Passwords that were acknowledged as set.
    pub(crate) set: usize,
    pub(crate) longest: Duration,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.outages += other.outages;
        self.set += other.set;
        self.longest = self.longest.max(other.longest);
    }

    /// Makes a call. `None` if the app ended meanwhile.
    #[track_caller]
    fn make(&mut self, call: Call) -> Option<Answer> {
        let began = Instant::now();
        let answer = call.try_send()?;
        let took = began.elapsed();
        assert!(took < LONGEST, "{} took {took:?}", answer.call);
        self.calls += 1;
        self.longest = self.longest.max(took);
        if answer.status >= 500 {
            self.outages += 1;
            let slug = outage(&answer);
            let problem = answer.expect_problem(503, slug);
            let detail = problem["detail"].as_str().unwrap_or_default();
            assert!(!detail.is_empty(), "{}: {problem}", answer.call);
            assert!(answer.header("retry-after").is_some(), "{problem}");
        }
        Some(answer)
    }
}

/// The kind of an outage: whether a link or a code in the call can still be used.
fn outage(answer: &Answer) -> &'static str {
    if answer.text().contains("/problems/start-again\"") {
        "start-again"
    } else {
        "service-unavailable"
    }
}

impl Person {
    /// Somebody with an account. `None` if it is not known to have been made.
    pub(crate) fn create(app: &App, seen: &mut Seen) -> Option<Self> {
        let (email, password) = (unique_email(), strong_password());
        let account = json!({ "email": email, "password": password });
        let call = app.portal().call("POST", "/v1/admin/users").json(&account);
        let answer = seen.make(call)?;
        if answer.status == 503 {
            return None;
        }
        let id = answer.expect_json(201)["id"].as_str().map(str::to_owned)?;
        Some(Self {
            id,
            email,
            passwords: vec![password],
            spent: Vec::new(),
            promised: None,
            notices: 0,
            password_mail: None,
        })
    }

    /// Does something. `None` if the app ended meanwhile.
    pub(crate) fn act(&mut self, app: &App, random: &mut Rng, seen: &mut Seen) -> Option<()> {
        match random.u8(..8) {
            0 | 1 => self.recover_by_link(app, seen),
            2 | 3 => self.recover_by_code(app, seen),
            4 => self.sign_in(app, seen),
            5 => self.mistype(app, seen),
            6 => self.be_reset(app, seen),
            _ => self.forget(app, seen),
        }
    }

    /// Asks for a recovery.
    fn forget(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let body = json!({ "email": self.email });
        let call = app.visitor().call("POST", "/v1/forgot-password");
        let answer = seen.make(call.json(&body))?;
        if answer.status == 503 {
            return Some(());
        }
        let challenge = answer.expect_json(202)["challenge_id"].clone();
        self.promised = challenge.as_str().map(str::to_owned);
        Some(())
    }

    /// The emails with a link and a code that have come so far, oldest first.
    fn recoveries(&self, app: &App) -> Vec<Mail> {
        let mut mails = app.sink().accepted_mails(&self.email);
        mails.retain(|mail| mail.find_code().is_some());
        mails
    }

    fn newest_recovery(&self, app: &App) -> Option<Mail> {
        self.recoveries(app).pop()
    }

    fn recover_by_link(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        self.forget(app, seen)?;
        let Some(mail) = self.newest_recovery(app) else {
            return Some(());
        };
        self.set_password(app, seen, &mail.link_token())
    }

    fn recover_by_code(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        self.forget(app, seen)?;
        let (Some(challenge), Some(mail)) = (&self.promised, self.newest_recovery(app)) else {
            return Some(());
        };
        let body = json!({ "challenge_id": challenge, "code": mail.code() });
        let call = app.visitor().call("POST", "/v1/verify-otp").json(&body);
        let Some(answer) = seen.make(call) else {
            self.promised = None;
            return None;
        };
        match answer.status {
            200 => {
                self.promised = None;
                let token = answer.expect_json(200)["reset_token"].clone();
                let token = token.as_str().expect("a right code gives a token");
                self.set_password(app, seen, token)
            }
            503 if outage(&answer) == "start-again" => {
                self.promised = None;
                Some(())
            }
            // Used before, or replaced by an email that has not come yet; or the code can still be used.
            400 | 503 => Some(()),
            other => panic!("{}: {other}", answer.call),
        }
    }

    fn set_password(&mut self, app: &App, seen: &mut Seen, token: &str) -> Option<()> {
        let password = strong_password();
        let body = json!({ "token": token, "new_password": password });
        let call = app.visitor().call("POST", "/v1/reset-password").json(&body);
        let Some(answer) = seen.make(call) else {
            self.may_have(password);
            return None;
        };
        match answer.status {
            204 => {
                let token = token.to_owned();
                assert!(!self.spent.contains(&token), "a token worked twice");
                self.has(password, seen);
                self.spent.push(token);
                self.notices += 1;
            }
            503 if outage(&answer) == "start-again" => self.may_have(password),
            // Refused; or the link can still be used, so that the password is the one of before.
            400 | 503 => {}
            other => panic!("{}: {other} {}", answer.call, answer.text()),
        }
        Some(())
    }

    fn be_reset(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let password = strong_password();
        let order =
            json!({ "password": password, "send_email": true, "change_on_next_sign_in": false });
        let path = format!("/v1/admin/users/{}/reset-password", self.id);
        let Some(answer) = seen.make(app.portal().call("POST", &path).json(&order)) else {
            self.may_have(password);
            return None;
        };
        if answer.status == 503 {
            self.may_have(password);
        } else {
            let done = answer.expect_json(200);
            self.has(password, seen);
            self.password_mail = done["email_id"].as_str().map(str::to_owned);
        }
        Some(())
    }

    fn sign_in(&self, app: &App, seen: &mut Seen) -> Option<()> {
        let password = self.passwords.last().expect("everybody has a password");
        let answer = seen.make(self.sign_in_with(app, password))?;
        let is_known = self.passwords.len() == 1;
        let expected = [200, 503].contains(&answer.status) || !is_known && answer.status == 401;
        assert!(expected, "{}: {}", answer.call, answer.text());
        Some(())
    }

    fn mistype(&self, app: &App, seen: &mut Seen) -> Option<()> {
        let answer = seen.make(self.sign_in_with(app, &strong_password()))?;
        assert!([401, 503].contains(&answer.status), "{}", answer.status);
        Some(())
    }

    fn sign_in_with(&self, app: &App, password: &str) -> Call {
        let body = json!({ "email": self.email, "password": password });
        app.portal().call("POST", "/v1/sign-in").json(&body)
    }

    /// Records that this password was acknowledged as set.
    fn has(&mut self, password: String, seen: &mut Seen) {
        seen.set += 1;
        self.may_have(password);
        self.passwords.drain(..self.passwords.len() - 1);
    }

    /// Records that this password may have been set, which may have ended a recovery.
    fn may_have(&mut self, password: String) {
        self.passwords.push(password);
        self.promised = None;
        self.password_mail = None;
    }

    /// Asserts that what the person was told is true. Nothing may fail any more.
    pub(crate) fn assert_told_the_truth(&mut self, app: &App) {
        let signs_in = |password: &String| {
            let answer = self.sign_in_with(app, password).send();
            assert!([200, 401].contains(&answer.status), "{}", answer.text());
            answer.status == 200
        };
        let good: Vec<String> = self
            .passwords
            .iter()
            .filter(|it| signs_in(it))
            .cloned()
            .collect();
        assert_eq!(good.len(), 1, "of {} passwords", self.passwords.len());
        self.passwords = good;
        for token in self.spent.drain(..) {
            let again = app.visitor().reset_password(&token, &strong_password());
            again.expect_problem(400, "invalid-reset-token");
        }
    }

    /// Asserts that every promised email came, and none of them in two versions. Nothing may be pending any more.
    pub(crate) fn assert_has_mails(&self, app: &App) {
        let mails = app.sink().accepted_mails(&self.email);
        let mut notices = BTreeSet::new();
        let mut texts = BTreeMap::new();
        for mail in &mails {
            let key = mail.idempotency_key.as_deref();
            let key = key.expect("each email has a key");
            let before = texts.insert(key, &mail.text);
            assert!(before.is_none_or(|text| *text == mail.text), "two emails");
            if mail.subject == PASSWORD_CHANGED {
                notices.insert(key);
            }
        }
        let (notices, least) = (notices.len(), self.notices);
        assert!(notices >= least, "{notices} notices of {least}");
        if let Some(challenge_id) = &self.promised {
            self.assert_recovers(app, challenge_id);
        }
        if let Some(id) = &self.password_mail {
            let email = app.portal().find_email(id).expect_json(200);
            assert_eq!(email["state"], "sent", "{email}");
        }
    }

    /// Asserts that a code that came works for the request with this challenge: its own, or that of an earlier email which
    /// the request did not replace.
    fn assert_recovers(&self, app: &App, challenge_id: &str) {
        let recoveries = self.recoveries(app);
        let mut codes = recoveries.iter().rev().map(Mail::code);
        let works = codes.any(|code| {
            let answer = app.visitor().verify_otp(challenge_id, &code);
            assert!([200, 400].contains(&answer.status), "{}", answer.text());
            answer.status == 200
        });
        let came = recoveries.len();
        assert!(works, "no code of {came} recovery emails works");
    }
}

/// The clock of an app that was started with a plan of faults.
#[derive(Default)]
pub(crate) struct Ahead(u64);

impl Ahead {
    /// The line of a plan that leaves the clock where it is.
    pub(crate) fn line(&self) -> String {
        format!("clock_ahead_seconds = {}\n", self.0)
    }

    /// Ends all faults, and moves the clock on.
    pub(crate) fn pass(&mut self, app: &App, seconds: u64) {
        self.0 += seconds;
        app.plan_faults(&self.line());
    }

    /// Ends all faults, and lets time pass and couriers come until nothing is pending any more.
    pub(crate) fn settle(&mut self, app: &App) {
        let mut left = Vec::new();
        // A lease that was left behind lasts two minutes, and a refused mail waits at most one minute by now.
        for _ in 0..8 {
            self.pass(app, 61);
            let run = app.portal().run_courier().expect_json(200);
            let pending = app.portal().get("/v1/admin/emails?state=pending");
            let pending = pending.expect_json(200)["emails"].clone();
            if run["remaining"] == 0 && pending == Value::Array(Vec::new()) {
                return;
            }
            left.push((run, pending));
        }
        panic!("there is still work to do: {left:?}");
    }
}
