//! The calls that are measured: how each is made, and which answer is right.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::app::{App, Group, PASSWORD, Recovery, email, id};
use crate::client::{Call, Reply};

/// A call that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Called only while others sign in.
    Health,
    Policy,
    Page,
    ForgotUnknown,
    ForgotKnown,
    VerifyOtp,
    ResetByCode,
    ResetByLink,
    SignInRight,
    SignInWrong,
    Create,
    AdminReset,
}

/// One call, with what is needed to check its answer.
pub(crate) struct Job {
    pub(crate) call: Call,
    account: usize,
    /// The password that it sets.
    password: String,
}

impl Kind {
    /// The kinds that are measured alone, in this order: codes need a recovery's emails, and resets need codes.
    pub(crate) const ALL: [Self; 11] = [
        Self::Policy,
        Self::Page,
        Self::ForgotUnknown,
        Self::ForgotKnown,
        Self::VerifyOtp,
        Self::ResetByCode,
        Self::ResetByLink,
        Self::SignInRight,
        Self::SignInWrong,
        Self::Create,
        Self::AdminReset,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Health => "`GET /v1/health`",
            Self::Policy => "`GET /v1/password-policy`",
            Self::Page => "a page, `GET /forgot-password`",
            Self::ForgotUnknown => "forgot-password, unknown",
            Self::ForgotKnown => "forgot-password, known",
            Self::VerifyOtp => "verify-otp",
            Self::ResetByCode => "reset-password, by code",
            Self::ResetByLink => "reset-password, by link",
            Self::SignInRight => "sign-in, right",
            Self::SignInWrong => "sign-in, wrong",
            Self::Create => "create an account",
            Self::AdminReset => "administrator's reset",
        }
    }

    /// Whether a password is hashed, which takes most of the call's time.
    pub(crate) const fn hashes(self) -> bool {
        matches!(
            self,
            Self::ResetByCode
                | Self::ResetByLink
                | Self::SignInRight
                | Self::SignInWrong
                | Self::Create
                | Self::AdminReset
        )
    }

    /// Whether each call sends an email.
    pub(crate) const fn mails(self) -> bool {
        matches!(
            self,
            Self::ForgotKnown | Self::ResetByCode | Self::ResetByLink | Self::AdminReset
        )
    }

    /// The next call of this kind.
    pub(crate) fn prepare(self, app: &mut App) -> Result<Job> {
        let mut job = Job {
            call: Call::get("/v1/password-policy"),
            account: 0,
            password: String::new(),
        };
        match self {
            Self::Health => job.call = Call::get("/v1/health"),
            Self::Policy => {}
            Self::Page => job.call = Call::get("/forgot-password"),
            Self::ForgotUnknown => {
                let nobody = format!("nobody{:08x}@people.example.test", app.random.u32(..));
                job.call = forgot_password(&nobody);
            }
            Self::ForgotKnown => {
                job.account = app.next(Group::Recovering)?;
                job.call = forgot_password(&email(job.account));
            }
            Self::VerifyOtp => {
                let recovery = take(&mut app.recoveries)?;
                job.account = recovery.account;
                let secrets = app.sink.take_secrets(&email(job.account))?;
                let body = json!({ "challenge_id": recovery.challenge_id, "code": secrets.code });
                job.call = Call::post("/v1/verify-otp", &body);
            }
            Self::ResetByCode => {
                let (account, token) = take(&mut app.reset_tokens)?;
                job = reset_password(app, account, &token);
            }
            Self::ResetByLink => {
                let account = take(&mut app.recoveries)?.account;
                let secrets = app.sink.take_secrets(&email(account))?;
                job = reset_password(app, account, &secrets.link_token);
            }
            Self::SignInRight => {
                job.account = app.next(Group::SigningIn)?;
                job.call = app.sign_in(job.account, PASSWORD);
            }
            Self::SignInWrong => {
                job.account = app.next(Group::SigningIn)?;
                let wrong = app.new_password();
                job.call = app.sign_in(job.account, &wrong);
            }
            Self::Create => {
                let account = json!({ "email": app.new_address(), "password": app.new_password() });
                job.call = app.admin_call("/v1/admin/users", &account);
            }
            Self::AdminReset => {
                job.account = app.next(Group::ResetByAdministrator)?;
                let path = format!("/v1/admin/users/{}/reset-password", id(job.account));
                let order = json!({ "generate": true, "send_email": true });
                job.call = app.admin_call(path, &order);
            }
        }
        Ok(job)
    }

    /// Checks the answer to a call, and stores what later calls need from it.
    pub(crate) fn accept(self, app: &mut App, job: Job, reply: &Reply) -> Result<()> {
        ensure!(
            self.is_right(job.account, reply),
            "{}: a wrong answer, {}: {}",
            self.name(),
            reply.status,
            String::from_utf8_lossy(&reply.body)
        );
        let body = reply.json();
        let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
        match self {
            Self::ForgotKnown => app.recoveries.push(Recovery {
                account: job.account,
                challenge_id: text("challenge_id"),
            }),
            Self::VerifyOtp => app.reset_tokens.push((job.account, text("reset_token"))),
            Self::ResetByCode | Self::ResetByLink => {
                app.passwords.insert(job.account, job.password);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the answer has the status, and a member that only the right answer has.
    fn is_right(self, account: usize, reply: &Reply) -> bool {
        let body = reply.json();
        let text = |member: &str| body[member].as_str().unwrap_or_default();
        let (status, is_right) = match self {
            Self::Health => (200, text("status") == "ok"),
            Self::Policy => (200, body["min_length"] == 8),
            Self::Page => (200, reply.body.starts_with(b"<!doctype html>")),
            Self::ForgotUnknown | Self::ForgotKnown => (202, !text("challenge_id").is_empty()),
            Self::VerifyOtp => (200, !text("reset_token").is_empty()),
            Self::ResetByCode | Self::ResetByLink => (204, reply.body.is_empty()),
            Self::SignInRight => (200, text("user_id") == id(account)),
            Self::SignInWrong => (401, text("type").ends_with("/invalid-credentials")),
            Self::Create => (201, !text("id").is_empty()),
            Self::AdminReset => (200, !text("email_id").is_empty()),
        };
        reply.status == status && is_right
    }
}

fn forgot_password(email: &str) -> Call {
    Call::post("/v1/forgot-password", &json!({ "email": email }))
}

fn reset_password(app: &mut App, account: usize, token: &str) -> Job {
    let password = app.new_password();
    let body = json!({ "token": token, "new_password": password });
    Job {
        call: Call::post("/v1/reset-password", &body),
        account,
        password,
    }
}

fn take<T>(from: &mut Vec<T>) -> Result<T> {
    ensure!(
        !from.is_empty(),
        "earlier calls left too little to go on with"
    );
    Ok(from.remove(0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_owned().into(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn only_the_right_answer_is_right() {
        let signed_in = r#"{"user_id":"user-00007"}"#;
        assert!(Kind::SignInRight.is_right(7, &reply(200, signed_in)));
        assert!(!Kind::SignInRight.is_right(8, &reply(200, signed_in)));
        assert!(!Kind::SignInRight.is_right(7, &reply(201, signed_in)));
        let limited = r#"{"type":"https://id.example.test/problems/rate-limited"}"#;
        assert!(!Kind::SignInWrong.is_right(7, &reply(429, limited)));
        assert!(!Kind::SignInWrong.is_right(7, &reply(401, limited)));
        assert!(Kind::ResetByLink.is_right(7, &reply(204, "")));
        assert!(!Kind::VerifyOtp.is_right(7, &reply(200, "{}")));
        assert!(!Kind::Page.is_right(7, &reply(200, "not a page")));
    }
}
