//! Accounts that tests create, and what their owners do most.

use serde_json::json;

use super::{App, Mail, strong_password, unique_email};

/// An account, and what its owner knows.
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
}

/// An account that never had a password.
pub(crate) struct Newcomer {
    pub(crate) id: String,
    pub(crate) email: String,
}

/// A recovery under way: the answer's challenge and the email that came for it.
pub(crate) struct Recovery {
    pub(crate) challenge_id: String,
    pub(crate) mail: Mail,
}

impl App {
    /// Creates an account with an address and a password that no other test has.
    pub(crate) fn create_user(&self) -> User {
        let email = unique_email();
        let password = strong_password();
        let answer = self
            .portal()
            .create_user(&json!({ "email": email, "password": password }));
        let account = answer.expect_json(201);
        let id = account["id"]
            .as_str()
            .expect("an account has an id")
            .to_owned();
        User {
            id,
            email,
            password,
        }
    }

    /// Creates an account that has an address of its own and no password.
    pub(crate) fn create_user_without_password(&self) -> Newcomer {
        let email = unique_email();
        let account = json!({ "email": email });
        let account = self.portal().create_user(&account).expect_json(201);
        let id = account["id"].as_str().expect("an account has an id");
        Newcomer {
            id: id.to_owned(),
            email,
        }
    }

    /// Asks for a recovery and waits for its email.
    pub(crate) fn recover(&self, user: &User) -> Recovery {
        self.recover_at(&user.email)
    }

    /// Asks for a recovery for this address, and waits for its email.
    pub(crate) fn recover_at(&self, email: &str) -> Recovery {
        let challenge_id = self.visitor().challenge(email);
        let mail = self.sink.wait_for_mail(email);
        Recovery { challenge_id, mail }
    }

    /// Turns a recovery's code into a reset token.
    pub(crate) fn reset_token(&self, recovery: &Recovery) -> String {
        let answer = self
            .visitor()
            .verify_otp(&recovery.challenge_id, &recovery.mail.code());
        let body = answer.expect_json(200);
        body["reset_token"]
            .as_str()
            .expect("a verified code gives a reset token")
            .to_owned()
    }

    /// The account's credential epoch.
    #[track_caller]
    pub(crate) fn epoch(&self, id: &str) -> u64 {
        let account = self.portal().find_user(id).expect_json(200);
        account["credential_epoch"]
            .as_u64()
            .expect("the epoch is a counter")
    }

    /// Signs in with a password that must be changed; returns the token to change it with.
    #[track_caller]
    pub(crate) fn change_token(&self, email: &str, password: &str) -> String {
        let signed_in = self.portal().sign_in(email, password).expect_json(200);
        let token = signed_in["password_change"]["token"].as_str();
        let token = token.unwrap_or_else(|| panic!("no token in {signed_in}"));
        token.to_owned()
    }

    /// Asserts that this password signs the user in.
    #[track_caller]
    pub(crate) fn assert_signs_in(&self, user: &User, password: &str) {
        let body = self
            .portal()
            .sign_in(&user.email, password)
            .expect_json(200);
        assert_eq!(body["user_id"], user.id.as_str());
    }

    /// Asserts that this password does not sign the user in.
    #[track_caller]
    pub(crate) fn assert_does_not_sign_in(&self, user: &User, password: &str) {
        self.portal()
            .sign_in(&user.email, password)
            .expect_problem(401, "invalid-credentials");
    }
}
