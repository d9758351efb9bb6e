//! People who recover, sign in, are reset and moved while the app fails or ends, and who remember what they were told.

mod administered;
mod ahead;
mod seen;
mod several;

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::json;

pub(crate) use self::{
    ahead::{Ahead, LEASE},
    seen::Seen,
};
use self::{seen::outage, several::Job};
use crate::app::{App, AppBuilder, Call, Caller as _, Mail, strong_password, unique_email};

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
    /// The address that the account may have instead: a change of it was not acknowledged.
    may_have_moved_to: Option<String>,
    /// Addresses that the account had before.
    earlier_emails: Vec<String>,
    /// Whether an administrator has disabled the account, and the opposite was not acknowledged.
    may_be_disabled: bool,
    /// Whether a recovery may have been cancelled since the password was last set. Then no other is promised for a minute.
    may_be_cancelled: bool,
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
    /// Other emails that must come: to which address, and with which subject.
    other_mails: Vec<(String, &'static str)>,
    /// The ids of other accounts that were acknowledged as deleted.
    deleted: Vec<String>,
    /// The ids of other accounts that were acknowledged as created, and stay.
    created: Vec<String>,
    jobs: Vec<Job>,
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
            may_have_moved_to: None,
            earlier_emails: Vec::new(),
            may_be_disabled: false,
            may_be_cancelled: false,
            passwords: vec![password],
            spent: Vec::new(),
            promised: None,
            notices: 0,
            password_mail: None,
            other_mails: Vec::new(),
            deleted: Vec::new(),
            created: Vec::new(),
            jobs: Vec::new(),
        })
    }

    /// Does something. `None` if the app ended meanwhile.
    pub(crate) fn act(&mut self, app: &App, random: &mut Rng, seen: &mut Seen) -> Option<()> {
        if !self.is_reachable(app, seen)? {
            return Some(());
        }
        match random.u8(..18) {
            0..3 => self.recover_by_link(app, seen),
            3..6 => self.recover_by_code(app, seen),
            6 => self.sign_in(app, seen),
            7 => self.mistype(app, seen),
            8 => self.be_reset(app, seen),
            9 => self.cancel(app, seen),
            10 => self.change_password(app, seen),
            11 => self.be_disabled_and_enabled(app, seen),
            12 => self.move_to_another_address(app, seen),
            13 => self.invite_somebody(app, seen),
            14 => self.invite_and_delete_somebody(app, seen),
            15 => self.import_and_disable_several(app, seen),
            16 => self.be_reset_by_graphql(app, seen),
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
        let challenge = challenge.as_str().map(str::to_owned);
        self.promised = challenge.filter(|_| !self.may_be_cancelled);
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

    /// Says "this was not me" about the newest email.
    fn cancel(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let Some(mail) = self.newest_recovery(app) else {
            return Some(());
        };
        let body = json!({ "token": mail.cancel_token() });
        let call = app.visitor().call("POST", "/v1/cancel-recovery");
        self.promised = None;
        self.may_be_cancelled = true;
        let answer = seen.make(call.json(&body))?;
        match answer.status {
            204 => self.spent.push(mail.link_token()),
            // Used before, or replaced by an email that has not come yet.
            400 | 503 => {}
            other => panic!("{}: {other} {}", answer.call, answer.text()),
        }
        Some(())
    }

    /// Changes the password by the one that the person believes to have.
    fn change_password(&mut self, app: &App, seen: &mut Seen) -> Option<()> {
        let (new, is_known) = (strong_password(), self.passwords.len() == 1);
        let body = json!({
            "user_id": self.id,
            "current_password": self.passwords.last(),
            "new_password": new,
        });
        let call = app.portal().call("POST", "/v1/change-password");
        let Some(answer) = seen.make(call.json(&body)) else {
            self.may_have(new);
            return None;
        };
        match answer.status {
            204 => {
                self.has(new, seen);
                self.notices += 1;
            }
            503 => self.may_have(new),
            401 if !is_known => {}
            other => panic!("{}: {other} {}", answer.call, answer.text()),
        }
        Some(())
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
        self.may_be_cancelled = false;
    }

    /// Records that this password may have been set, which may have ended a recovery.
    fn may_have(&mut self, password: String) {
        self.passwords.push(password);
        self.promised = None;
        self.password_mail = None;
    }

    /// Asserts that what the person was told is true. Nothing may fail any more.
    pub(crate) fn assert_told_the_truth(&mut self, app: &App) {
        self.assert_administered(app);
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
        let addresses = self.earlier_emails.iter().chain([&self.email]);
        let mails: Vec<_> = addresses
            .flat_map(|address| app.sink().accepted_mails(address))
            .collect();
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
        self.assert_has_other_mails(app);
        self.assert_has_others(app);
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
