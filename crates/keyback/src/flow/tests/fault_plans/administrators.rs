//! The same for what administrators, importing programs, Authgear's clients and email providers do to several accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Course, PLANS, come_back_later, sober};
use crate::model::standard_webhook::WebhookSecret;
use crate::ports::Clock as _;
use crate::testing::{App, Call, Reply};

const USERS: &str = "/v1/admin/users";
const CALLS: usize = 10;
/// Accounts and addresses are few, so that calls meet.
const FEW: usize = 4;
const FEEDBACK_SECRET: &str = "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==";
/// bcrypt of [`App::PASSWORD`].
const HASH: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

/// What a call changes before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changes {
    /// One account, or none.
    One,
    /// Several accounts, one after the other.
    Several,
    /// None: the courier changes them.
    Later,
}

/// All accounts by id, as administrators see them, without what time alone changes.
type Accounts = BTreeMap<String, Value>;

fn id(number: usize) -> String {
    format!("user{number}")
}

fn email(number: usize) -> String {
    format!("user{number}@example.test")
}

fn with_accounts() -> App {
    let app = App::default();
    app.env
        .variables
        .set("email_webhook_secret", FEEDBACK_SECRET);
    for number in 0..2 {
        let body = json!({"id": id(number), "email": email(number), "password": App::PASSWORD});
        let _ = app.make(&app.call(USERS, body)).expect(201);
    }
    let _ = app.forgot(&email(0));
    let _ = app.run_courier();
    app
}

fn accounts(app: &App) -> Accounts {
    let page = sober(app).make(&Call::get(&format!("{USERS}?limit=100")));
    let page = page.expect(200).json();
    assert_ne!(page["complete"], false, "{page}");
    let users = page["users"].as_array().unwrap();
    assert_eq!(page["total"], users.len(), "{page}");
    let by_id = users.iter().map(|user| {
        let mut user = user.clone();
        let members = user.as_object_mut().unwrap();
        members.retain(|name, _| !name.ends_with("_at") && name != "credential_epoch");
        if let Some(credential) = members["credential"].as_object_mut() {
            credential.retain(|name, _| !name.ends_with("_at"));
        }
        (user["id"].as_str().unwrap().to_owned(), user)
    });
    let by_id: Accounts = by_id.collect();
    assert_eq!(by_id.len(), users.len(), "each is listed once: {users:?}");
    by_id
}

impl Course {
    fn user(&self) -> usize {
        self.draw(FEW)
    }

    /// A call that changes one account at most.
    fn for_one(&self) -> Call {
        let (app, user) = (&self.app, self.user());
        let path = format!("{USERS}/{}", id(user));
        let address = email(self.user());
        match self.draw(8) {
            0 => {
                let how = match self.draw(3) {
                    0 => json!({"password": App::PASSWORD}),
                    1 => json!({"generate": true, "send_email": true}),
                    _ => json!({"invite": {"deliver": "email"}}),
                };
                let mut body = json!({"id": id(user), "email": address});
                body.as_object_mut()
                    .unwrap()
                    .extend(how.as_object().unwrap().clone());
                app.call(USERS, body)
            }
            1 => app.call(&path, json!({"email": address})).by("PATCH"),
            2 => {
                let disabled = self.draw(2) == 0;
                app.call(&path, json!({"disabled": disabled})).by("PATCH")
            }
            3 => app.call(&path, Value::Null).by("DELETE"),
            4 => app.call(&format!("{path}/invite"), json!({"deliver": "email"})),
            5 => app.call(&format!("{path}/recovery"), json!({"deliver": "email"})),
            6 => {
                let input = json!({"definition": {"loginID": {"key": "email", "value": address}}});
                let query = "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }";
                app.call(
                    "/graphql",
                    json!({"query": query, "variables": {"input": input}}),
                )
            }
            _ => app.call(&format!("{path}/unlock"), json!({})),
        }
    }

    fn import(&self) -> Call {
        let line =
            |()| json!({"id": id(self.user()), "email": email(self.user()), "password_hash": HASH});
        Call::import(&[(), (), ()].map(line))
    }

    fn bulk(&self) -> Call {
        let action = ["disable", "enable", "recover", "sign-out"][self.draw(4)];
        let ids = BTreeSet::from([id(self.user()), id(self.user())]);
        let order = json!({"action": action, "ids": ids});
        self.app.call(&format!("{USERS}/bulk"), order)
    }

    /// A report of the provider about one of the emails.
    fn report(&self) -> Option<Call> {
        let emails = sober(&self.app).make(&Call::get("/v1/admin/emails?limit=100"));
        let emails = emails.expect(200).json();
        let emails = emails["emails"].as_array()?;
        let email = emails.get(self.draw(emails.len().max(1)))?;
        let kind = ["email.delivered", "email.bounced"][self.draw(2)];
        let body = json!({
            "type": kind,
            "created_at": "2026-11-23T09:00:00Z",
            "data": {"tags": {"keyback_email_id": email["id"]}},
        });
        let secret = WebhookSecret::parse(FEEDBACK_SECRET).unwrap();
        let now = self.app.env.clock.now();
        let signature = secret.sign("msg_1", now, body.to_string().as_bytes());
        let call = self
            .app
            .call("/v1/email-webhooks/resend", body)
            .with_header("svix-id", "msg_1")
            .with_header("svix-timestamp", &now.unix_seconds().to_string())
            .with_header("svix-signature", &signature);
        Some(call)
    }

    fn administer(&mut self) {
        if self.draw(3) == 0 {
            self.app.advance(61);
        }
        let (call, changes) = match self.draw(8) {
            0 => (self.import(), Changes::Several),
            1 => (self.bulk(), Changes::Later),
            2 => (
                self.report().unwrap_or_else(|| self.for_one()),
                Changes::One,
            ),
            3 => (self.app.call("/v1/courier/run", json!({})), Changes::Later),
            _ => (self.for_one(), Changes::One),
        };
        let before = accounts(&self.app);
        let healthy_app = sober(&self.app);
        let healthy = healthy_app.make(&call);
        assert!(healthy.status < 500, "{healthy:?}");
        let reply = self.app.make(&call);
        self.check_outage(&reply);
        let now = accounts(&self.app);
        let meant = with_ids_of(&now, accounts(&healthy_app));
        if reply.status == 503 || errors(&reply) != errors(&healthy) {
            self.met.outages += 1;
            self.met.unknown += usize::from(now != before);
            let is_whole = now == before || now == meant;
            assert!(
                is_whole || changes != Changes::One,
                "{call:?}: {before:?}, then {now:?} and not {meant:?}"
            );
            return;
        }
        assert_eq!(reply.status, healthy.status, "{reply:?} {call:?}");
        self.met.resets += usize::from(now != before);
        let is_done = now == meant || changes == Changes::Later;
        assert!(is_done, "{call:?}: {now:?} and not {meant:?}");
        // Once the faults are over, the same emails are there, and the same jobs have done the same.
        let app = sober(&self.app);
        for app in [&app, &healthy_app] {
            come_back_later(app);
        }
        let written = emails(&app);
        self.met.mails += usize::from(!written.is_empty());
        assert_eq!(written, emails(&healthy_app), "{call:?}");
        let now = accounts(&app);
        assert_eq!(now, with_ids_of(&now, accounts(&healthy_app)), "{call:?}");
    }
}

/// The codes of the errors in an answer of GraphQL, whose status is 200 even after an outage.
fn errors(reply: &Reply) -> Option<Value> {
    let body = reply.json_if_any()?;
    body.get("errors").cloned()
}

/// Whose emails there are, and of which kinds. None waits.
fn emails(app: &App) -> Vec<(String, String)> {
    let page = app.make(&Call::get("/v1/admin/emails?limit=100"));
    let page = page.expect(200).json();
    let emails = page["emails"].as_array().unwrap().iter().map(|email| {
        assert_ne!(email["state"], "pending", "{email}");
        (email["user_id"].to_string(), email["kind"].to_string())
    });
    let mut emails: Vec<_> = emails.collect();
    emails.sort_unstable();
    emails
}

/// `meant` with the ids in `now` where both have the same address: an account created without an id gets a random one.
fn with_ids_of(now: &Accounts, meant: Accounts) -> Accounts {
    let ids: BTreeMap<String, &String> = now
        .iter()
        .map(|(id, account)| (account["email"].to_string(), id))
        .collect();
    let renamed = meant.into_iter().map(|(id, mut account)| {
        let same = ids.get(&account["email"].to_string());
        let id = same.map_or(id, |id| (*id).clone());
        account["id"] = json!(id);
        (id, account)
    });
    renamed.collect()
}

/// Every job has ended, and says of each of its accounts what became of it.
fn assert_jobs_are_done(app: &App) {
    let jobs = app.make(&Call::get(&format!("{USERS}/bulk")));
    let jobs = jobs.expect(200).json();
    for job in jobs["jobs"].as_array().unwrap() {
        assert_eq!(job["state"], "done", "{job}");
        let counts = ["done", "skipped", "failed"].map(|name| job[name].as_u64().unwrap());
        assert_eq!(job["total"], counts.iter().sum::<u64>(), "{job}");
    }
}

/// An address is taken exactly if an account has it.
fn assert_addresses_are_those_of_accounts(app: &App) {
    let taken = accounts(app);
    let taken: BTreeSet<&str> = taken
        .values()
        .filter_map(|account| account["email"].as_str())
        .collect();
    for number in 0..FEW {
        let email = email(number);
        let made = app.fork().make(&app.call(USERS, json!({"email": email})));
        let expected = if taken.contains(&*email) { 409 } else { 201 };
        assert_eq!(made.status, expected, "{email}: {made:?}");
    }
}

#[test]
fn whatever_fails_an_administrators_call_is_made_as_a_whole_or_not_at_all() {
    let plans = std::env::var("KEYBACK_FAULT_PLANS").ok();
    let plans = plans.and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    let app = with_accounts();
    let (mut outages, mut made, mut unknown, mut mails) = (0, 0, 0, 0);
    for seed in 0..plans {
        // Shown if this plan fails.
        println!("plan {seed}");
        let mut course = Course::begin(&app, seed);
        for _ in 0..CALLS {
            course.administer();
        }
        let app = course.app.fork();
        let met = course.end();
        app.env.store.plan_faults(None);
        let app = sober(&app);
        app.run_courier_for(15);
        assert_jobs_are_done(&app);
        assert_addresses_are_those_of_accounts(&app);
        outages += met.outages;
        made += met.resets;
        unknown += met.unknown;
        mails += met.mails;
    }
    println!("{plans} plans: {outages} outages, {made} changes, {unknown} unknown, {mails} emails");
    let least = [outages, made, unknown, mails].into_iter().min();
    assert!(least > Some(0), "{outages} {made} {unknown} {mails}");
}
