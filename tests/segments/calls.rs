//! The calls that leave work for after their answer, each with what it takes to make it once more.

use std::{
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::app::{
    App, Call, Caller as _, Newcomer, Recovery, User, random_token, strong_password, unique_email,
    unix_now, wrong_code,
};

/// How long it may take until the provider has refused an email.
const REFUSED_WITHIN: Duration = Duration::from_secs(20);

pub(super) struct Calls<'app> {
    app: &'app App,
    user: User,
    recovery: Recovery,
}

impl<'app> Calls<'app> {
    /// An app whose limits allow errors for as long as the test goes on.
    pub(super) fn app() -> App {
        let secret = format!("whsec_{}", STANDARD.encode(random_token(24)));
        App::builder()
            .variable("attempts_per_challenge", "100")
            .variable("attempts_per_account_per_day", "100")
            .variable("email_webhook_secret", secret)
            .start()
    }

    pub(super) fn new(app: &'app App) -> Self {
        let user = app.create_user();
        let recovery = app.recover(&user);
        Self {
            app,
            user,
            recovery,
        }
    }

    pub(super) fn newcomer(&self) -> Newcomer {
        self.app.create_user_without_password()
    }

    pub(super) fn forgot_password(&self, email: &str) -> Call {
        self.visitor("/v1/forgot-password", &json!({ "email": email }))
    }

    pub(super) fn forgot_password_form(&self, email: &str) -> Call {
        let call = self.app.visitor().call("POST", "/forgot-password/submit");
        call.header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("email={}", email.replace('@', "%40")))
    }

    pub(super) fn verify_wrong_code(&self) -> Call {
        self.verify(&self.recovery, &wrong_code(&self.recovery.mail.code()))
    }

    pub(super) fn verify_right_code(&self) -> Call {
        let recovery = self.recovery();
        self.verify(&recovery, &recovery.mail.code())
    }

    pub(super) fn reset_by_link(&self) -> Call {
        self.reset(&self.recovery().mail.link_token())
    }

    pub(super) fn reset_by_code(&self) -> Call {
        self.reset(&self.app.reset_token(&self.recovery()))
    }

    pub(super) fn cancel_recovery(&self) -> Call {
        let token = self.recovery().mail.cancel_token();
        self.visitor("/v1/cancel-recovery", &json!({ "token": token }))
    }

    pub(super) fn sign_in_right(&self) -> Call {
        self.sign_in(&self.user.password)
    }

    pub(super) fn sign_in_wrong(&self) -> Call {
        self.sign_in("not the password")
    }

    pub(super) fn change_password(&self) -> Call {
        let user = self.app.create_user();
        let body = json!({
            "user_id": user.id,
            "current_password": user.password,
            "new_password": strong_password(),
        });
        self.portal("POST", "/v1/change-password").json(&body)
    }

    pub(super) fn check_token(&self) -> Call {
        let body = json!({ "token": self.recovery.mail.link_token() });
        self.visitor("/v1/reset-password/check", &body)
    }

    pub(super) fn check_password(&self) -> Call {
        let body = json!({ "password": strong_password() });
        self.visitor("/v1/password-policy/check", &body)
    }

    pub(super) fn create(&self) -> Call {
        let account = json!({ "email": unique_email(), "password": strong_password() });
        self.portal("POST", "/v1/admin/users").json(&account)
    }

    pub(super) fn import(&self) -> Call {
        let accounts = [(); 2].map(|()| json!({ "email": unique_email() }).to_string());
        self.portal("POST", "/v1/admin/users/import")
            .header("content-type", "application/x-ndjson")
            .body(accounts.join("\n"))
    }

    pub(super) fn update(&self) -> Call {
        let changes = json!({ "email": unique_email() });
        self.of_newcomer("PATCH", "").json(&changes)
    }

    pub(super) fn delete(&self) -> Call {
        self.of_newcomer("DELETE", "")
    }

    pub(super) fn admin_reset(&self) -> Call {
        let order = json!({ "generate": true, "send_email": true });
        self.of_newcomer("POST", "/reset-password").json(&order)
    }

    pub(super) fn require_change(&self) -> Call {
        let user = self.app.create_user();
        let path = format!("/v1/admin/users/{}/password-change", user.id);
        self.portal("PUT", &path).json(&json!({ "required": true }))
    }

    pub(super) fn start_recovery(&self) -> Call {
        let order = json!({ "deliver": "email" });
        self.of_newcomer("POST", "/recovery").json(&order)
    }

    pub(super) fn end_recovery(&self) -> Call {
        let newcomer = self.newcomer();
        self.app.recover_at(&newcomer.email);
        let path = format!("/v1/admin/users/{}/challenge", newcomer.id);
        self.portal("DELETE", &path)
    }

    pub(super) fn invite(&self) -> Call {
        let order = json!({ "deliver": "email" });
        self.of_newcomer("POST", "/invite").json(&order)
    }

    pub(super) fn sign_out(&self) -> Call {
        self.of_newcomer("POST", "/sign-out").body("")
    }

    pub(super) fn unlock(&self) -> Call {
        self.of_newcomer("POST", "/unlock").body("")
    }

    /// Signs several accounts out in one job.
    pub(super) fn bulk(&self) -> Call {
        let ids = [self.newcomer().id, self.newcomer().id];
        let order = json!({ "action": "sign-out", "ids": ids });
        self.portal("POST", "/v1/admin/users/bulk").json(&order)
    }

    /// Has a link emailed by way of GraphQL.
    pub(super) fn graphql_mutation(&self) -> Call {
        let query = "mutation ($email: ID!) { sendResetPasswordMessage(input: {loginID: $email}) }";
        let variables = json!({ "email": self.newcomer().email });
        self.portal("POST", "/graphql")
            .json(&json!({ "query": query, "variables": variables }))
    }

    pub(super) fn graphql_query(&self) -> Call {
        self.portal("POST", "/graphql")
            .json(&json!({ "query": "{ users { totalCount } }" }))
    }

    /// Reports that an email arrived, as Resend does.
    pub(super) fn email_webhook(&self) -> Call {
        let newcomer = self.newcomer();
        let email_id = self.mail_password(&newcomer);
        self.app.sink().wait_for_mail(&newcomer.email);
        let said = json!({
            "type": "email.delivered",
            "created_at": "2026-11-23T09:00:00.000Z",
            "data": { "tags": { "keyback_email_id": email_id } },
        });
        let (id, at) = (format!("msg_{}", random_token(12)), unix_now());
        let seconds = i64::try_from(at).expect("it is soon");
        let signature = Webhook::new(self.app.variable("email_webhook_secret"))
            .and_then(|secret| secret.sign(&id, seconds, said.to_string().as_bytes()))
            .expect("the secret is one");
        let call = self.app.visitor();
        call.call("POST", "/v1/email-webhooks/resend")
            .header("svix-id", &id)
            .header("svix-timestamp", &at.to_string())
            .header("svix-signature", &signature)
            .json(&said)
    }

    /// Has an email that the provider refused tried again.
    pub(super) fn retry_email(&self) -> Call {
        let id = self.mail_password(&self.newcomer());
        let deadline = Instant::now() + REFUSED_WITHIN;
        while self.app.portal().find_email(&id).expect_json(200)["state"] != "failed" {
            assert!(Instant::now() < deadline, "the mail was not refused");
            thread::sleep(Duration::from_millis(20));
        }
        let path = format!("/v1/admin/emails/{id}/retry");
        self.portal("POST", &path).body("")
    }

    fn mail_password(&self, to: &Newcomer) -> String {
        let order = json!({ "generate": true, "send_email": true });
        let reset = self.app.portal().reset_users_password(&to.id, &order);
        let reset = reset.expect_json(200);
        let id = reset["email_id"].as_str().expect("the email has an id");
        id.to_owned()
    }

    /// A new account's recovery, whose email has come.
    fn recovery(&self) -> Recovery {
        self.app.recover_at(&self.newcomer().email)
    }

    fn verify(&self, recovery: &Recovery, code: &str) -> Call {
        let body = json!({ "challenge_id": recovery.challenge_id, "code": code });
        self.visitor("/v1/verify-otp", &body)
    }

    fn reset(&self, token: &str) -> Call {
        let body = json!({ "token": token, "new_password": strong_password() });
        self.visitor("/v1/reset-password", &body)
    }

    fn sign_in(&self, password: &str) -> Call {
        let body = json!({ "email": self.user.email, "password": password });
        self.portal("POST", "/v1/sign-in").json(&body)
    }

    fn visitor(&self, path: &str, body: &Value) -> Call {
        self.app.visitor().call("POST", path).json(body)
    }

    fn portal(&self, method: &str, path: &str) -> Call {
        self.app.portal().call(method, path)
    }

    fn of_newcomer(&self, method: &str, below: &str) -> Call {
        let path = format!("/v1/admin/users/{}{below}", self.newcomer().id);
        self.portal(method, &path)
    }
}
