//! Random sequences of calls, with faults of the store and the provider by a seeded plan. Each call is also made on a
//! copy without faults. The app must answer what the copy does, or with an outage whose text is true.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::ports::{NoAnswer, SecureRandom as _};
use crate::testing::{App, Call, Fault, FaultPlan, Mail, Reply, SeededRandom, other_than};

mod administrators;

/// How many plans to run, unless `KEYBACK_FAULT_PLANS` is set in the environment.
const PLANS: u64 = 1_000;
const CALLS: usize = 8;
const PASSWORDS: [&str; 3] = [App::PASSWORD, App::NEW_PASSWORD, App::OTHER_PASSWORD];

/// A call, and its intended effect.
enum Act {
    Forget,
    Verify { code: String },
    Reset { token: String, password: usize },
    SignIn,
    ResetByAdministrator { password: usize },
    ChangeOwn { password: usize },
    Move,
    Other,
}

/// The app under a plan, and what its callers know.
struct Course {
    app: App,
    plan: FaultPlan,
    random: SeededRandom,
    email: String,
    password: usize,
    challenge_id: String,
    recoveries: Vec<Mail>,
    tokens: Vec<String>,
    spent: BTreeSet<String>,
    /// The keys of the emails that the provider confirmed, once for each time.
    accepted: Rc<RefCell<Vec<String>>>,
    met: Met,
}

/// What the calls met, to prove that the plans cause faults.
#[derive(Debug, Default, Clone, Copy)]
struct Met {
    outages: usize,
    unknown: usize,
    resets: usize,
    mails: usize,
}

fn with_ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let _ = app.run_courier();
    app
}

/// A copy without further faults.
fn sober(app: &App) -> App {
    let copy = app.fork();
    copy.env.http.answer_by(|_| Ok((200, None)));
    copy
}

/// Lets time pass and runs the courier, as often as any work delayed by a fault may need.
fn come_back_later(app: &App) {
    for _ in 0..8 {
        app.advance(60);
        let _ = app.run_courier();
    }
}

fn keys(mails: &[Mail], are_recoveries: bool) -> BTreeSet<String> {
    let mails = mails
        .iter()
        .filter(|mail| mail.is_recovery() == are_recoveries);
    mails.map(|mail| mail.idempotency_key.clone()).collect()
}

impl Course {
    fn begin(app: &App, seed: u64) -> Self {
        let app = app.fork();
        let plan = FaultPlan {
            seed,
            share: [2, 5, 10, 25][usize::try_from(seed % 4).unwrap()],
        };
        let accepted = Rc::new(RefCell::new(Vec::new()));
        let (noted, calls) = (Rc::clone(&accepted), Cell::new(0));
        app.env.http.answer_by(move |request| {
            calls.set(calls.get() + 1);
            let outbound = FaultPlan {
                seed: !seed,
                share: 60,
            };
            match outbound.fault(calls.get()) {
                Some(Fault::Fail) => return Ok((503, None)),
                Some(Fault::Cut) => return Err(NoAnswer::NotConnected),
                Some(Fault::Lose) => return Err(NoAnswer::Unreachable),
                None => {}
            }
            noted.borrow_mut().push(Mail::new(request).idempotency_key);
            Ok((200, None))
        });
        app.env.store.plan_faults(Some(plan));
        Self {
            app,
            plan,
            random: SeededRandom::new(seed),
            email: App::EMAIL.to_owned(),
            password: 0,
            challenge_id: String::new(),
            recoveries: Vec::new(),
            tokens: Vec::new(),
            spent: BTreeSet::new(),
            accepted,
            met: Met::default(),
        }
    }

    fn draw(&self, below: usize) -> usize {
        let mut byte = [0];
        self.random.fill(&mut byte).unwrap();
        usize::from(byte[0]) % below
    }

    fn another_password(&self) -> usize {
        (self.password + 1 + self.draw(2)) % PASSWORDS.len()
    }

    /// The next call. If it needs an email or a token and there is none, it asks for an email.
    fn choose(&self) -> (Call, Act) {
        let app = &self.app;
        let (chosen, password) = (self.draw(12), self.another_password());
        let new = PASSWORDS[password];
        match (chosen, self.recoveries.last(), self.tokens.last()) {
            (0 | 1, Some(mail), _) if !self.challenge_id.is_empty() => {
                let wrong = self.draw(4) == 0;
                let code = if wrong {
                    other_than(&mail.code())
                } else {
                    mail.code()
                };
                let body = json!({"challenge_id": self.challenge_id, "code": code});
                (app.call("/v1/verify-otp", body), Act::Verify { code })
            }
            (2 | 3, Some(mail), _) => self.reset(mail.link(), password),
            (4 | 5, _, Some(token)) => self.reset(token.clone(), password),
            (6, ..) => {
                let body = json!({"email": self.email, "password": PASSWORDS[self.draw(3)]});
                (app.call("/v1/sign-in", body), Act::SignIn)
            }
            (7, ..) => {
                let body =
                    json!({"password": new, "send_email": true, "change_on_next_sign_in": false});
                let path = "/v1/admin/users/ann/reset-password";
                (app.call(path, body), Act::ResetByAdministrator { password })
            }
            (8, ..) => {
                let old = PASSWORDS[self.password];
                let body = json!({"user_id": "ann", "current_password": old, "new_password": new});
                (
                    app.call("/v1/change-password", body),
                    Act::ChangeOwn { password },
                )
            }
            (9, ..) => {
                let email = format!("ann{}@example.test", self.draw(3));
                let call = app.call("/v1/admin/users/ann", json!({"email": email}));
                (call.by("PATCH"), Act::Move)
            }
            (10, Some(mail), _) => {
                let body = json!({"token": mail.cancel()});
                (app.call("/v1/cancel-recovery", body), Act::Other)
            }
            (11, ..) => (app.call("/v1/courier/run", json!({})), Act::Other),
            _ => {
                let body = json!({"email": self.email});
                (app.call("/v1/forgot-password", body), Act::Forget)
            }
        }
    }

    fn reset(&self, token: String, password: usize) -> (Call, Act) {
        let body = json!({"token": token, "new_password": PASSWORDS[password]});
        let call = self.app.call("/v1/reset-password", body);
        (call, Act::Reset { token, password })
    }

    fn step(&mut self) {
        if self.draw(3) == 0 {
            self.app.advance(31);
        }
        let (call, act) = self.choose();
        let healthy_app = sober(&self.app);
        let _ = healthy_app.take_mails();
        let healthy = healthy_app.make(&call);
        assert!(healthy.status < 500, "{healthy:?}");
        let reply = self.app.make(&call);
        self.check_outage(&reply);
        self.met.outages += usize::from(reply.status == 503);
        if reply.status != 503 {
            assert_eq!(reply.status, healthy.status, "{reply:?} {call:?}");
        }
        let mails = self.app.take_mails();
        self.check_act(&act, &call, &reply, &healthy);
        self.check_mails(&act, &reply, &healthy_app, &mails);
        self.recoveries
            .extend(mails.into_iter().filter(Mail::is_recovery));
    }

    /// Every outage is a problem that says what may have been done, and when to try again.
    fn check_outage(&self, reply: &Reply) {
        assert!(reply.status < 500 || reply.status == 503, "{reply:?}");
        if reply.status == 503 {
            assert_eq!(reply.header("content-type"), "application/problem+json");
            assert_eq!(reply.header("retry-after"), "5");
            assert!(!reply.text("detail").is_empty());
            let kinds = ["service-unavailable", "start-again"];
            assert!(kinds.contains(&&*reply.problem()), "{:?}", self.plan);
        }
    }

    /// Which password signs in. There must be only one.
    fn truth(&self) -> usize {
        let app = sober(&self.app);
        let account = app.make(&Call::get("/v1/admin/users/ann")).expect(200);
        let email = account.text("email");
        let signs_in = |password: &&str| sober(&app).sign_in(&email, password).status == 200;
        let good: Vec<&str> = PASSWORDS.into_iter().filter(|it| signs_in(it)).collect();
        assert_eq!(good.len(), 1, "{good:?}");
        let place = PASSWORDS.iter().position(|password| *password == good[0]);
        place.unwrap()
    }

    fn check_act(&mut self, act: &Act, call: &Call, reply: &Reply, healthy: &Reply) {
        let is_unknown = reply.status == 503 && reply.problem() == "start-again";
        self.met.unknown += usize::from(is_unknown);
        let secret_is_good = reply.status == 503 && !is_unknown && healthy.status < 300;
        let before = self.password;
        self.password = self.truth();
        let (old, new) = (self.password == before, self.password);
        match act {
            Act::Reset { token, password } => {
                if reply.status == 204 {
                    self.met.resets += 1;
                    assert_eq!(new, *password);
                    assert!(self.spent.insert(token.clone()), "a token worked twice");
                } else if is_unknown {
                    assert!(old || new == *password);
                } else {
                    assert!(old, "{reply:?}");
                }
                if !old {
                    self.spent.insert(token.clone());
                }
                if secret_is_good {
                    assert_eq!(sober(&self.app).make(call).status, 204, "{reply:?}");
                }
            }
            Act::Verify { code } => {
                assert!(old);
                if reply.status == 200 {
                    self.tokens.push(reply.text("reset_token"));
                }
                if secret_is_good {
                    let again = sober(&self.app).verify(&self.challenge_id, code);
                    assert_eq!(again.status, 200, "{reply:?}");
                }
            }
            Act::ResetByAdministrator { password } | Act::ChangeOwn { password } => {
                assert!(reply.status >= 300 || !old, "{reply:?}");
                assert!(old || new == *password, "{reply:?}");
            }
            Act::Move => {
                assert!(old);
                let account = sober(&self.app).make(&Call::get("/v1/admin/users/ann"));
                let email = account.text("email");
                if reply.status == 200 {
                    assert_eq!(email, reply.text("email"));
                }
                self.email = email;
            }
            Act::Forget if reply.status == 202 => {
                assert!(old);
                self.challenge_id = reply.text("challenge_id");
            }
            Act::Forget | Act::SignIn | Act::Other => assert!(old),
        }
    }

    /// A call that succeeded still sends its email after the faults, if it would without them.
    fn check_mails(&mut self, act: &Act, reply: &Reply, healthy: &App, mails: &[Mail]) {
        let are_recoveries = match act {
            Act::Forget => true,
            Act::Reset { .. } | Act::ResetByAdministrator { .. } | Act::ChangeOwn { .. } => false,
            _ => return,
        };
        if reply.status >= 300 {
            return;
        }
        come_back_later(healthy);
        let expected = keys(&healthy.take_mails(), are_recoveries);
        let app = sober(&self.app);
        come_back_later(&app);
        let later = app.take_mails();
        self.met.mails += expected.len();
        let mut came = keys(mails, are_recoveries);
        came.extend(keys(&later, are_recoveries));
        assert!(
            came.len() >= expected.len().min(1),
            "{:?}: {came:?} and not {expected:?}",
            self.plan
        );
    }

    /// The faults are over: finishes all waiting work.
    fn end(self) -> Met {
        self.app.env.store.plan_faults(None);
        let accepted = Rc::clone(&self.accepted);
        self.app.env.http.answer_by(move |request| {
            let key = Mail::new(request).idempotency_key;
            accepted.borrow_mut().push(key);
            Ok((200, None))
        });
        come_back_later(&self.app);
        assert_eq!(self.app.emails_in("pending"), Vec::<Value>::new());
        assert_eq!(self.app.run_courier().json()["remaining"], 0);
        let taken = self.accepted.borrow().len();
        self.app.run_courier_for(3);
        assert_eq!(self.accepted.borrow().len(), taken, "all is done");
        self.met
    }
}

#[test]
fn whatever_fails_the_rules_hold_the_words_are_true_and_what_was_promised_comes() {
    let plans = std::env::var("KEYBACK_FAULT_PLANS").ok();
    let plans = plans.and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    let app = with_ann();
    let mut all = Met::default();
    for seed in 0..plans {
        // Shown if this plan fails.
        println!("plan {seed}");
        let mut course = Course::begin(&app, seed);
        for _ in 0..CALLS {
            course.step();
        }
        let met = course.end();
        all.outages += met.outages;
        all.unknown += met.unknown;
        all.resets += met.resets;
        all.mails += met.mails;
    }
    println!("{plans} plans: {all:?}");
    let least = [all.outages, all.unknown, all.resets, all.mails]
        .into_iter()
        .min();
    assert!(least > Some(0), "{all:?}");
}
