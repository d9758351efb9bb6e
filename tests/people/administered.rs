//! What administrators do to a person's account and to others.

use serde_json::json;

use super::{Person, Seen};
use crate::app::{Answer, App, Call, Caller as _, strong_password, unique_email};

/// Subjects of emails.
const EMAIL_CHANGED: &str = "The email address for your Keyback account was changed";
const DELETED: &str = "Your Keyback account was deleted";
const INVITATION: &str = "You’re invited: set up your Keyback account";

impl Person {
    /// Asks until it is known which address the account has and that it is enabled. `Some(false)` if too many calls failed,
    /// `None` if the app ended meanwhile.
    pub(super) fn is_reachable(&mut self, app: &App, seen: &mut Seen) -> Option<bool> {
        for _ in 0..10 {
            if self.may_have_moved_to.is_some() {
                let account = seen.make(self.call(app, "GET"))?;
                self.learn_address(account);
            } else if self.may_be_disabled {
                self.enable(app, seen)?;
            } else {
                return Some(true);
            }
        }
        Some(false)
    }

    /// The ids of other accounts that were acknowledged as deleted.
    pub(crate) fn deleted(&self) -> &[String] {
        &self.deleted
    }

    fn call(&self, app: &App, method: &str) -> Call {
        let path = format!("/v1/admin/users/{}", self.id);
        app.portal().call(method, &path)
    }

    fn learn_address(&mut self, account: Answer) {
        if account.status == 503 {
            return;
        }
        let account = account.expect_json(200);
        let new = self.may_have_moved_to.take();
        let new = new.filter(|new| account["email"] == **new);
        assert!(
            new.is_some() || account["email"] == *self.email,
            "{account}"
        );
        self.moved(new);
    }

    fn moved(&mut self, new: Option<String>) {
        if let Some(new) = new {
            let old = std::mem::replace(&mut self.email, new);
            self.earlier_emails.push(old);
        }
    }

    pub(super) fn move_to_another_address(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let new = unique_email();
        self.promised = None;
        self.password_mail = None;
        self.may_have_moved_to = Some(new.clone());
        let answer = seen.make(self.call(app, "PATCH").json(&json!({ "email": new })))?;
        if answer.status != 503 {
            answer.expect_status(200);
            self.may_have_moved_to = None;
            self.other_mails.push((self.email.clone(), EMAIL_CHANGED));
            self.moved(Some(new));
        }
        Some(())
    }

    pub(super) fn be_disabled_and_enabled(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        self.promised = None;
        self.password_mail = None;
        self.may_be_disabled = true;
        let order = json!({ "disabled": true });
        let answer = seen.make(self.call(app, "PATCH").json(&order))?;
        if answer.status != 503 {
            answer.expect_status(200);
            let password = self.passwords.last().expect("everybody has a password");
            let answer = seen.make(self.sign_in_with(app, password))?;
            assert!([401, 503].contains(&answer.status), "{}", answer.text());
        }
        self.enable(app, seen)
    }

    fn enable(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let order = json!({ "disabled": false });
        let answer = seen.make(self.call(app, "PATCH").json(&order))?;
        if answer.status != 503 {
            answer.expect_status(200);
            self.may_be_disabled = false;
        }
        Some(())
    }

    pub(super) fn invite_somebody(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let (id, email) = invite(app, seen)?;
        self.other_mails.extend(id.map(|_| (email, INVITATION)));
        Some(())
    }

    /// An invitation to an account that is gone is not sent.
    pub(super) fn invite_and_delete_somebody(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let (Some(id), email) = invite(app, seen)? else {
            return Some(());
        };
        let path = format!("/v1/admin/users/{id}");
        let answer = seen.make(app.portal().call("DELETE", &path))?;
        if answer.status != 503 {
            answer.expect_status(204);
            self.other_mails.push((email, DELETED));
            self.deleted.push(id);
        }
        Some(())
    }

    /// Asserts that accounts are as was said, and learns what was not. Nothing may fail any more.
    pub(super) fn assert_administered(&mut self, app: &App) {
        if self.may_have_moved_to.is_some() {
            self.learn_address(self.call(app, "GET").send());
        }
        if self.may_be_disabled {
            let enabled = app
                .portal()
                .update_user(&self.id, &json!({ "disabled": false }));
            enabled.expect_status(200);
            self.may_be_disabled = false;
        }
        let account = app.portal().find_user(&self.id).expect_json(200);
        assert_eq!(account["email"], *self.email);
        for id in &self.deleted {
            app.portal().find_user(id).expect_status(404);
        }
    }

    /// Asserts that the other promised emails came, and that those who were invited can set a password.
    pub(super) fn assert_has_other_mails(&self, app: &App) {
        for (address, subject) in &self.other_mails {
            let mails = app.sink().accepted_mails(address);
            let mail = mails.iter().find(|mail| mail.subject == *subject);
            let mail = mail.unwrap_or_else(|| panic!("no \"{subject}\" of {}", mails.len()));
            if *subject == INVITATION {
                let set = app
                    .visitor()
                    .reset_password(&mail.link_token(), &strong_password());
                set.expect_nothing();
            }
        }
    }
}

/// Invites somebody new. Returns the id of the account, if it is known to have been made, and its address.
fn invite(app: &App, seen: &mut Seen) -> Option<(Option<String>, String)> {
    let email = unique_email();
    let account = json!({ "email": email, "invite": { "deliver": "email" } });
    let call = app.portal().call("POST", "/v1/admin/users");
    let answer = seen.make(call.json(&account))?;
    if answer.status == 503 {
        return Some((None, email));
    }
    let id = answer.expect_json(201)["id"].as_str().map(str::to_owned);
    Some((id, email))
}
