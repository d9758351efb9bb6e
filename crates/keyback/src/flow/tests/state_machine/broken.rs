//! Random sequences of events in which the process dies at any operation. Whatever is unknown then, no secret works
//! twice, nobody is locked out, and nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{PASSWORDS, choose, config};
use crate::courier::after_response;
use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call, Mail, Reply, exchange, run_while};

const YEAR: u64 = 365 * 86_400;

/// A call, and after how many operations the process dies, if the call takes as many.
#[derive(Debug, Clone)]
struct Event {
    what: What,
    dies_after: u64,
}

#[derive(Debug, Clone)]
enum What {
    Ask,
    Verify { mail: usize },
    ResetByLink { mail: usize },
    ResetByToken { token: usize },
    Cancel { mail: usize },
    Pass { seconds: u64 },
    Courier,
}

fn event() -> impl Strategy<Value = Event> {
    let any = || 0..1_000_usize;
    let seconds = prop::sample::select(vec![1, 30, 60, 61, 61, 120, 600]);
    let what = prop_oneof![
        4 => Just(What::Ask),
        3 => any().prop_map(|mail| What::Verify { mail }),
        3 => any().prop_map(|mail| What::ResetByLink { mail }),
        3 => any().prop_map(|token| What::ResetByToken { token }),
        2 => any().prop_map(|mail| What::Cancel { mail }),
        5 => seconds.prop_map(|seconds| What::Pass { seconds }),
        3 => Just(What::Courier),
    ];
    (what, prop_oneof![0..20_u64, 0..70_u64, Just(1_000)])
        .prop_map(|(what, dies_after)| Event { what, dies_after })
}

/// The app, and what is known about it from outside.
struct Course {
    app: App,
    calls: usize,
    crashes: usize,
    /// The requests that were answered.
    challenge_ids: Vec<String>,
    /// All emails by idempotency key, and how often each was sent.
    mails: BTreeMap<String, (Mail, usize)>,
    /// The recovery emails in the order of their first sending.
    recoveries: Vec<Mail>,
    tokens: Vec<String>,
    /// How often the code of each email was accepted.
    codes_taken: BTreeMap<String, usize>,
    links_taken: BTreeMap<String, usize>,
    tokens_taken: BTreeMap<String, usize>,
    /// Passwords that may be in force: the last one that was confirmed, and those of crashed calls since.
    possible: BTreeSet<usize>,
    resets: usize,
    changes_at_least: usize,
    changes_at_most: usize,
    epoch: u64,
    /// When it was last seen to rise, in milliseconds.
    raised_at: u64,
}

impl Course {
    fn begin() -> Self {
        let app = App::with_account();
        app.advance(YEAR);
        let _ = app.run_courier();
        Self {
            app,
            calls: 0,
            crashes: 0,
            challenge_ids: Vec::new(),
            mails: BTreeMap::new(),
            recoveries: Vec::new(),
            tokens: Vec::new(),
            codes_taken: BTreeMap::new(),
            links_taken: BTreeMap::new(),
            tokens_taken: BTreeMap::new(),
            possible: BTreeSet::from([0]),
            resets: 0,
            changes_at_least: 0,
            changes_at_most: 0,
            epoch: 0,
            raised_at: 0,
        }
    }

    /// Makes a call and does the work after it, unless the process dies. Returns the answer if there was one by then.
    fn call(&mut self, path: &str, body: Value, dies_after: u64) -> Option<Reply> {
        self.calls += 1;
        let client = format!("10.0.{}.{}:1", self.calls / 250, self.calls % 250);
        let call = Call::post(path, body, &client);
        let (env, mut answered) = (&self.app.env, None);
        let act = async {
            let (reply, deferred) = exchange(env, &call).await;
            answered = Some(reply);
            after_response::run(env, deferred).await;
        };
        env.store.halt_after(Some(dies_after));
        let ended = run_while(act, || !env.store.is_halted());
        env.store.halt_after(None);
        self.crashes += usize::from(ended.is_none());
        self.read_mails();
        answered
    }

    fn happen(&mut self, event: &Event) {
        let dies_after = event.dies_after;
        match event.what {
            What::Ask => {
                let body = json!({"email": App::EMAIL});
                if let Some(reply) = self.call("/v1/forgot-password", body, dies_after) {
                    self.challenge_ids
                        .push(reply.expect(202).text("challenge_id"));
                }
            }
            What::Verify { mail } => {
                let Some(mail) = choose(mail, self.recoveries.len()) else {
                    return;
                };
                let code = self.recoveries[mail].code();
                // Whether it was answered or not, it may be used up. Then another email may follow at once.
                self.raised_at = self.app.env.clock().now().unix_millis();
                for id in self.challenge_ids.clone().iter().rev().take(2) {
                    let body = json!({"challenge_id": id, "code": code});
                    let reply = self.call("/v1/verify-otp", body, dies_after);
                    if let Some(reply) = reply.filter(|reply| reply.status == 200) {
                        self.tokens.push(reply.text("reset_token"));
                        let key = self.recoveries[mail].idempotency_key.clone();
                        *self.codes_taken.entry(key).or_default() += 1;
                    }
                }
            }
            What::ResetByLink { mail } => {
                self.raised_at = self.app.env.clock().now().unix_millis();
                if let Some(mail) = choose(mail, self.recoveries.len()) {
                    let Mail {
                        idempotency_key, ..
                    } = self.recoveries[mail].clone();
                    let link = self.recoveries[mail].link();
                    if self.reset(&link, dies_after) {
                        *self.links_taken.entry(idempotency_key).or_default() += 1;
                    }
                }
            }
            What::ResetByToken { token } => {
                if let Some(token) = choose(token, self.tokens.len()) {
                    let token = self.tokens[token].clone();
                    if self.reset(&token, dies_after) {
                        *self.tokens_taken.entry(token).or_default() += 1;
                    }
                }
            }
            What::Cancel { mail } => {
                if let Some(mail) = choose(mail, self.recoveries.len()) {
                    let body = json!({"token": self.recoveries[mail].cancel()});
                    let _ = self.call("/v1/cancel-recovery", body, dies_after);
                }
            }
            What::Pass { seconds } => self.app.advance(seconds),
            What::Courier => drop(self.call("/v1/courier/run", json!({}), dies_after)),
        }
        self.check();
    }

    /// Whether the reset was answered as done.
    fn reset(&mut self, token: &str, dies_after: u64) -> bool {
        self.resets += 1;
        let password = self.resets % PASSWORDS.len();
        let body = json!({"token": token, "new_password": PASSWORDS[password]});
        let reply = self.call("/v1/reset-password", body, dies_after);
        match reply.map(|reply| reply.status) {
            Some(204) => {
                self.possible = BTreeSet::from([password]);
                self.changes_at_least += 1;
                self.changes_at_most += 1;
                true
            }
            Some(_) => false,
            None => {
                self.possible.insert(password);
                self.changes_at_most += 1;
                false
            }
        }
    }

    fn read_mails(&mut self) {
        for mail in self.app.take_mails() {
            let key = mail.idempotency_key.clone();
            if let Some((first, times)) = self.mails.get_mut(&key) {
                assert_eq!(*first, mail, "one key, one mail");
                *times += 1;
            } else {
                if mail.is_recovery() {
                    self.recoveries.push(mail.clone());
                }
                self.mails.insert(key, (mail, 1));
            }
        }
    }

    fn check(&mut self) {
        for taken in [&self.codes_taken, &self.links_taken, &self.tokens_taken] {
            assert!(taken.values().all(|times| *times == 1), "{taken:?}");
        }
        let both = self
            .codes_taken
            .keys()
            .find(|key| self.links_taken.contains_key(*key));
        assert_eq!(both, None, "a code and the link of its mail");
        let again: usize = self.mails.values().map(|(_, times)| times - 1).sum();
        assert!(
            again <= self.crashes,
            "{again} sent again, {} crashes",
            self.crashes
        );
        let id = self.app.env.store.names();
        let id = id
            .iter()
            .find_map(|name| name.strip_prefix("v1:account:"))
            .unwrap();
        let account = self.app.make(&Call::get(&format!("/v1/admin/users/{id}")));
        let epoch = account.json()["credential_epoch"].as_u64().unwrap();
        assert!(epoch >= self.epoch, "the epoch fell");
        if epoch > self.epoch {
            self.raised_at = self.app.env.clock().now().unix_millis();
        }
        self.epoch = epoch;
        self.check_pace(id);
    }

    /// No two emails within a minute, unless a credential event came after the first, nor a twelfth within an hour
    /// before five minutes have passed.
    fn check_pace(&self, id: &str) {
        let Some(recovery) = self.app.env.store.bytes(&format!("v1:recovery:{id}")) else {
            return;
        };
        let recovery: Value = serde_json::from_slice(&recovery).unwrap();
        let issued = recovery["record"]["issued"].as_array().unwrap().clone();
        let at = |mail: &Value| mail.as_u64().or(mail[0].as_u64()).unwrap();
        let issued: Vec<u64> = issued.iter().map(at).collect();
        assert!(
            issued
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= 60_000 || pair[0] <= self.raised_at),
            "{issued:?}"
        );
        // Each call comes from another network, so the limits of all networks apply: twice as many.
        let is_slow = |mails: &[u64]| {
            let in_an_hour = mails[11] - mails[0] < 3_600_000;
            !in_an_hour || mails[11] - mails[10] >= 300_000
        };
        assert!(issued.windows(12).all(is_slow), "{issued:?}");
    }

    fn end(mut self) {
        // All accepted work is done within minutes without calls.
        for _ in 0..8 {
            self.app.advance(61);
            let _ = self.call("/v1/courier/run", json!({}), u64::MAX / 2);
        }
        self.check();
        let changes = self
            .mails
            .values()
            .filter(|(mail, _)| !mail.is_recovery())
            .count();
        assert!(
            (self.changes_at_least..=self.changes_at_most).contains(&changes),
            "{changes}"
        );
        let works: Vec<usize> = (0..PASSWORDS.len())
            .filter(|number| self.app.knows(PASSWORDS[*number]))
            .collect();
        assert_eq!(works.len(), 1, "{works:?}");
        assert!(
            self.possible.contains(&works[0]),
            "{works:?} of {:?}",
            self.possible
        );

        // The next day everything works, except that the lease of a dead process may block for minutes.
        self.app.advance(86_400);
        let _ = self.app.run_courier();
        let _ = self.app.take_mails();
        let _ = self.app.forgot(App::EMAIL).expect(202);
        for _ in 0..4 {
            self.app.advance(61);
            let _ = self.app.run_courier();
        }
        let mails = self.app.take_mails();
        assert_eq!(mails.len(), 1);
        let reply = self
            .app
            .reset(&mails[0].link(), "a password like no other before");
        assert_eq!(reply.status, 204);

        for _ in 0..3 {
            self.app.advance(YEAR + 120);
            let _ = self.app.run_courier();
        }
        let fresh = App::with_account();
        fresh.advance(YEAR);
        let _ = fresh.run_courier();
        let mut left_over = self.app.left_over(&fresh);
        let counters = ["v1:limit:", "v1:lease:", "v1:attempts:.:0"];
        left_over.retain(|name| !counters.iter().any(|kind| name.starts_with(kind)));
        assert_eq!(left_over, Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(config(80))]

    #[test]
    fn whatever_crashes_nothing_is_won_twice_and_nothing_is_left(
        events in prop::collection::vec(event(), 1..40)
    ) {
        let mut course = Course::begin();
        for event in &events {
            course.happen(event);
        }
        course.end();
    }
}
