//! Random sequences of events against a model of the rules that is small enough to read.

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::testing::{App, Mail, Reply, other_than};
use model::{Model, Outcome};

mod broken;
mod model;

/// The accounts, and an unknown address.
const EMAILS: [&str; 3] = ["ann@example.test", "bob@example.test", "eve@example.test"];
const PASSWORDS: [&str; 3] = [App::PASSWORD, App::NEW_PASSWORD, App::OTHER_PASSWORD];

/// Something that happens. Emails and tokens are chosen among the existing ones.
#[derive(Debug, Clone)]
enum Event {
    /// A request. The work after its answer is done, or dropped and then left to a courier.
    Ask {
        whom: usize,
        lost: bool,
    },
    /// A code offered under the name of some request, the right one or another.
    Verify {
        request: usize,
        right: bool,
    },
    /// A code offered for an address.
    VerifyFor {
        whom: usize,
        right: bool,
    },
    /// Wrong codes, one after the other.
    Guess {
        request: usize,
        times: usize,
    },
    /// The code of one email offered for the request of another.
    Mix {
        request: usize,
        mail: usize,
    },
    /// A password set by a link, or by a token that a code brought.
    ResetByLink {
        mail: usize,
    },
    ResetByToken {
        token: usize,
    },
    /// "This was not me".
    Cancel {
        mail: usize,
    },
    /// Time passes.
    Pass {
        seconds: u64,
    },
    /// A new key; the previous one stays known.
    Rotate,
    /// The courier runs.
    Courier,
}

fn event() -> impl Strategy<Value = Event> {
    let any = || 0..1_000_usize;
    // Mostly short times, so that much happens while secrets are valid.
    let seconds = prop::sample::select(vec![
        1, 1, 1, 20, 20, 59, 60, 60, 61, 61, 300, 599, 600, 1_199, 1_200, 3_600, 86_400,
    ]);
    prop_oneof![
        6 => (0..3_usize, prop::bool::weighted(0.2)).prop_map(|(whom, lost)| Event::Ask { whom, lost }),
        6 => (any(), prop::bool::weighted(0.4)).prop_map(|(request, right)| Event::Verify { request, right }),
        3 => (0..3_usize, prop::bool::weighted(0.5)).prop_map(|(whom, right)| Event::VerifyFor { whom, right }),
        3 => (any(), 1..6_usize).prop_map(|(request, times)| Event::Guess { request, times }),
        1 => (any(), any()).prop_map(|(request, mail)| Event::Mix { request, mail }),
        2 => any().prop_map(|mail| Event::ResetByLink { mail }),
        3 => any().prop_map(|token| Event::ResetByToken { token }),
        2 => any().prop_map(|mail| Event::Cancel { mail }),
        6 => seconds.prop_map(|seconds| Event::Pass { seconds }),
        1 => Just(Event::Rotate),
        1 => Just(Event::Courier),
    ]
}

/// The app beside its model.
struct Course {
    app: App,
    model: Model,
    mails: Vec<Mail>,
    challenge_ids: Vec<String>,
    tokens: Vec<String>,
    resets: usize,
    calls: usize,
}

/// An index below `of`, picked by `chosen`; the latest ones are more likely.
fn choose(chosen: usize, of: usize) -> Option<usize> {
    let back = if chosen.is_multiple_of(3) {
        chosen / 3
    } else {
        chosen % 2
    };
    (of > 0).then(|| of - 1 - back % of)
}

impl Course {
    fn begin() -> Self {
        let app = App::default();
        app.env.variables.set("limit_app_forgot", "100000/60");
        for email in &EMAILS[..2] {
            let _ = app.create_account(email).expect(201);
        }
        Self {
            app,
            model: Model::new(2),
            mails: Vec::new(),
            challenge_ids: Vec::new(),
            tokens: Vec::new(),
            resets: 0,
            calls: 0,
        }
    }

    fn happen(&mut self, event: &Event) {
        // Each call comes from a client of its own: the limits per client have their own tests.
        self.calls += 1;
        self.app
            .come_from(&format!("10.0.{}.{}:1", self.calls / 250, self.calls % 250));
        match *event {
            Event::Ask { whom, lost } => self.ask(whom, lost),
            Event::Verify { request, right } => {
                if let Some(request) = choose(request, self.challenge_ids.len()) {
                    let owner = self.model.owner_of(request);
                    let (code, of) = self.code_for(owner, right);
                    self.verify(request, &code, of);
                }
            }
            Event::VerifyFor { whom, right } => {
                let (code, of) = self.code_for(Some(whom), right);
                let reply = self.app.verify_for(EMAILS[whom], &code);
                let outcome = self.model.verify(Some(whom), of);
                self.verified(&reply, &outcome);
            }
            Event::Guess { request, times } => {
                if let Some(request) = choose(request, self.challenge_ids.len()) {
                    for _ in 0..times {
                        self.verify(request, "none", None);
                    }
                }
            }
            Event::Mix { request, mail } => {
                let request = choose(request, self.challenge_ids.len());
                let mail = choose(mail, self.mails.len());
                if let (Some(request), Some(mail)) = (request, mail) {
                    let code = self.mails[mail].code();
                    self.verify(request, &code, Some(mail));
                }
            }
            Event::ResetByLink { mail } => {
                if let Some(mail) = choose(mail, self.mails.len()) {
                    let link = self.mails[mail].link();
                    let expected = self.model.reset_by_link(mail);
                    self.reset(&link, expected);
                }
            }
            Event::ResetByToken { token } => {
                if let Some(token) = choose(token, self.tokens.len()) {
                    let text = self.tokens[token].clone();
                    let expected = self.model.reset_by_token(token);
                    self.reset(&text, expected);
                }
            }
            Event::Cancel { mail } => {
                if let Some(mail) = choose(mail, self.mails.len()) {
                    let reply = self.app.cancel(&self.mails[mail].cancel());
                    let expected = self.model.cancel(mail);
                    assert_eq!(reply.status, if expected { 204 } else { 400 });
                }
            }
            Event::Pass { seconds } => {
                self.app.advance(seconds);
                self.model.now += seconds;
            }
            Event::Rotate => {
                let variables = &self.app.env.variables;
                variables.set("secret_key_previous", &key(self.model.key));
                self.model.key += 1;
                variables.set("secret_key", &key(self.model.key));
            }
            Event::Courier => self.courier(),
        }
    }

    fn ask(&mut self, whom: usize, lost: bool) {
        let body = serde_json::json!({"email": EMAILS[whom]});
        let call = self.app.call("/v1/forgot-password", body);
        let reply = if lost {
            self.app.answer(&call).0
        } else {
            self.app.make(&call)
        };
        assert_eq!(reply.status, 202);
        self.challenge_ids.push(reply.text("challenge_id"));
        self.model.ask(whom, lost);
        if !lost {
            // In case this request was not the first of its minute, which also does other due work.
            self.courier();
        }
    }

    fn courier(&mut self) {
        let _ = self.app.run_courier();
        let issued = self.model.work_what_is_due();
        let mails: Vec<Mail> = self.app.take_mails();
        let (recoveries, told): (Vec<_>, Vec<_>) = mails.into_iter().partition(Mail::is_recovery);
        let to: Vec<&str> = recoveries.iter().map(|mail| mail.to.as_str()).collect();
        let expected: Vec<&str> = issued.iter().map(|whom| EMAILS[*whom]).collect();
        assert_eq!(to, expected);
        assert_eq!(told, []);
        self.mails.extend(recoveries);
    }

    /// A code that is right for an account, or a wrong one, and the email that it is from.
    fn code_for(&self, whom: Option<usize>, right: bool) -> (String, Option<usize>) {
        let mail = whom.and_then(|whom| self.model.mail_of(whom));
        let code = mail.map_or("123456".to_owned(), |mail| self.mails[mail].code());
        if right {
            (code, mail)
        } else {
            (other_than(&code), None)
        }
    }

    fn verify(&mut self, request: usize, code: &str, of: Option<usize>) {
        let reply = self.app.verify(&self.challenge_ids[request], code);
        let owner = self.model.owner_of(request);
        let outcome = self.model.verify(owner, of);
        self.verified(&reply, &outcome);
    }

    fn verified(&mut self, reply: &Reply, outcome: &Outcome) {
        match outcome {
            Outcome::Right => {
                assert_eq!(reply.status, 200);
                self.tokens.push(reply.text("reset_token"));
            }
            Outcome::Refused => assert_eq!(reply.problem(), "invalid-otp"),
        }
    }

    fn reset(&mut self, token: &str, expected: Option<usize>) {
        self.resets += 1;
        let mut password = self.resets % PASSWORDS.len();
        if expected.is_some_and(|whom| self.model.accounts[whom].password == password) {
            // The current password would be refused.
            password = (password + 1) % PASSWORDS.len();
        }
        let reply = self.app.reset(token, PASSWORDS[password]);
        let mails = self.app.take_mails();
        if let Some(whom) = expected {
            assert_eq!(reply.status, 204);
            assert_eq!(mails.len(), 1, "it is told of");
            assert_eq!(mails[0].to, EMAILS[whom]);
            self.model.accounts[whom].password = password;
        } else {
            assert_eq!(reply.problem(), "invalid-reset-token");
            assert_eq!(mails, []);
        }
    }

    /// Each account accepts its password, and no other.
    fn end(self) {
        for (whom, account) in self.model.accounts.iter().enumerate() {
            for (number, password) in PASSWORDS.iter().enumerate() {
                let status = self.app.sign_in(EMAILS[whom], password).status;
                let expected = if number == account.password { 200 } else { 401 };
                assert_eq!(status, expected, "{whom} {password}");
            }
        }
    }
}

/// Base64 of 32 bytes that differ for each number.
fn key(number: u8) -> String {
    use base64ct::Encoding as _;
    let bytes: Vec<u8> = (0..32).map(|byte| byte + number).collect();
    base64ct::Base64::encode_string(&bytes)
}

/// This many cases, unless `PROPTEST_CASES` is set in the environment.
fn config(cases: u32) -> Config {
    let from_environment = Config::default();
    Config {
        cases: std::env::var("PROPTEST_CASES").map_or(cases, |_| from_environment.cases),
        failure_persistence: None,
        ..from_environment
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn any_course_of_events_goes_as_the_rules_say(events in prop::collection::vec(event(), 1..80)) {
        let mut course = Course::begin();
        for event in &events {
            course.happen(event);
        }
        course.end();
    }
}
