//! What administrators do to several accounts at once, through Authgear's API, and what the portal is told.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{Person, Seen};
use crate::app::{
    App, Caller as _, Receiver, Webhook, random_token, strong_password, unique_email,
};

const USERS: &str = "/v1/admin/users";
const IMPORTED_AT_ONCE: usize = 3;
const RESET: &str = "mutation ($id: ID!, $password: String!) {
    resetPassword(input: {userID: $id, password: $password}) { user { id } } }";

/// A bulk job that was acknowledged, and the accounts that it disables.
pub(super) struct Job {
    id: String,
    accounts: Vec<String>,
}

impl Person {
    /// Imports a few accounts, and has them disabled if they are known to have been created.
    pub(super) fn import_and_disable_several(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let ids: Vec<_> = (0..IMPORTED_AT_ONCE).map(|_| random_token(16)).collect();
        let lines = ids
            .iter()
            .map(|id| json!({ "id": id, "email": unique_email() }).to_string());
        let lines: Vec<_> = lines.collect();
        let call = app.portal().call("POST", &format!("{USERS}/import"));
        let call = call.header("content-type", "application/x-ndjson");
        let answer = seen.make(call.body(lines.join("\n")))?;
        if answer.status == 503 {
            return Some(());
        }
        let done = answer.expect_json(200);
        let counts = ["created", "failed"].map(|name| &done[name]);
        assert_eq!(counts, [&json!(IMPORTED_AT_ONCE), &json!(0)], "{done}");
        self.created.extend(ids.clone());
        let order = json!({ "action": "disable", "ids": ids });
        let call = app.portal().call("POST", &format!("{USERS}/bulk"));
        let answer = seen.make(call.json(&order))?;
        if answer.status != 503 {
            let id = answer.expect_json(202)["id"].as_str().map(str::to_owned)?;
            self.jobs.push(Job { id, accounts: ids });
        }
        Some(())
    }

    /// As an administrator's reset, by a client of Authgear's. An outage is an error in an answer with the status 200.
    pub(super) fn be_reset_by_graphql(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let password = strong_password();
        let node = URL_SAFE_NO_PAD.encode(format!("User:{}", self.id));
        let body = json!({ "query": RESET, "variables": { "id": node, "password": password } });
        let call = app.portal().call("POST", "/graphql").json(&body);
        let Some(answer) = seen.make(call) else {
            self.may_have(password);
            return None;
        };
        if answer.status == 503 {
            self.may_have(password);
            return Some(());
        }
        let done = answer.expect_json(200);
        match done["errors"][0]["message"].as_str() {
            None => {
                assert_eq!(done["data"]["resetPassword"]["user"]["id"], *node, "{done}");
                self.has(password, seen);
            }
            Some("unexpected error") => {
                seen.outages += 1;
                self.may_have(password);
            }
            Some(_) => panic!("{done}"),
        }
        Some(())
    }

    /// Asserts that accounts that were acknowledged as created are there, and that each job has ended and done what it was
    /// to do. Nothing may fail or be pending any more.
    pub(crate) fn assert_has_others(&self, app: &App) {
        let portal = app.portal();
        for id in &self.created {
            portal.find_user(id).expect_json(200);
        }
        for Job { id, accounts } in &self.jobs {
            let job = portal.get(&format!("{USERS}/bulk/{id}")).expect_json(200);
            let counts = ["state", "total", "done", "skipped", "failed"].map(|name| &job[name]);
            // One that had been done before its count was stored is skipped.
            let all = json!(accounts.len());
            let sum = counts[2].as_u64().zip(counts[3].as_u64());
            let sum = sum.map(|(done, skipped)| json!(done + skipped));
            assert_eq!((counts[0], counts[1]), (&json!("done"), &all), "{job}");
            assert_eq!((sum, counts[4]), (Some(all), &json!(0)), "{job}");
            for id in accounts {
                let account = portal.find_user(id).expect_json(200);
                assert_eq!(account["disabled"], true, "{account}");
            }
        }
    }

    /// Asserts that `receiver` was told of every event of the account, and that all tell the same of one.
    pub(crate) fn assert_told_the_portal(&self, app: &App, receiver: &Receiver) {
        let told = receiver.told_of(&self.id);
        let taken: BTreeSet<_> = told.iter().filter(|it| it.taken).map(|it| &it.id).collect();
        let versions: BTreeSet<_> = told.iter().map(|it| (&it.id, without_epoch(it))).collect();
        let ids: BTreeSet<_> = told.iter().map(|it| &it.id).collect();
        assert_eq!(versions.len(), ids.len(), "one event in two versions");
        let mut path = format!("{USERS}/{}/events?limit=100", self.id);
        loop {
            let page = app.portal().get(&path).expect_json(200);
            for event in page["events"].as_array().expect("there is a list") {
                let id = event["id"].as_str().expect("it has an id").to_owned();
                assert!(taken.contains(&id), "the portal does not know of {event}");
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                return;
            };
            path = format!("{USERS}/{}/events?limit=100&cursor={cursor}", self.id);
        }
    }
}

/// What a webhook says, without the epoch of the account, which is that of the time of sending.
fn without_epoch(webhook: &Webhook) -> String {
    let mut told = webhook.json();
    let data = told["data"].as_object_mut().expect("data is an object");
    data.remove("credential_epoch");
    told.to_string()
}
