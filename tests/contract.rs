//! Bad input on every call that takes a body, and wrong methods and paths.

mod envelope;
mod members;

use serde_json::{Value, json};

use crate::app::{Answer, App, Caller, Scope, random_token, strong_password, unique_email};

/// A call that takes a JSON object.
struct Route {
    path: &'static str,
    scope: Option<Scope>,
    /// A required member whose value is a string.
    member: &'static str,
    /// The call's status for a well-formed body whose values match nothing.
    status: u16,
    body: fn(&App) -> Value,
}

const ROUTES: [Route; 10] = [
    Route {
        path: "/v1/forgot-password",
        scope: None,
        member: "email",
        status: 202,
        body: |_| json!({ "email": unique_email() }),
    },
    Route {
        path: "/v1/verify-otp",
        scope: None,
        member: "code",
        status: 400,
        body: |app| json!({ "challenge_id": app.visitor().challenge(&unique_email()), "code": "000000" }),
    },
    Route {
        path: "/v1/reset-password",
        scope: None,
        member: "new_password",
        status: 400,
        body: |_| json!({ "token": random_token(32), "new_password": strong_password() }),
    },
    Route {
        path: "/v1/password-policy/check",
        scope: None,
        member: "password",
        status: 200,
        body: |_| json!({ "password": strong_password() }),
    },
    Route {
        path: "/v1/cancel-recovery",
        scope: None,
        member: "token",
        status: 400,
        body: |_| json!({ "token": random_token(32) }),
    },
    Route {
        path: "/v1/sign-in",
        scope: Some(Scope::SignIn),
        member: "password",
        status: 401,
        body: |_| json!({ "email": unique_email(), "password": strong_password() }),
    },
    Route {
        path: "/v1/change-password",
        scope: Some(Scope::SignIn),
        member: "new_password",
        status: 401,
        body: |_| json!({ "user_id": random_token(12), "current_password": strong_password(), "new_password": strong_password() }),
    },
    Route {
        path: "/v1/admin/users",
        scope: Some(Scope::UsersWrite),
        member: "email",
        status: 201,
        body: |_| json!({ "email": unique_email() }),
    },
    Route {
        path: "/v1/admin/users/nobody-here/reset-password",
        scope: Some(Scope::Reset),
        member: "password",
        status: 404,
        body: |_| json!({ "password": strong_password() }),
    },
    Route {
        path: "/v1/admin/users/nobody-here/recovery",
        scope: Some(Scope::Reset),
        member: "deliver",
        status: 404,
        body: |_| json!({ "deliver": "return" }),
    },
];

/// The most octets that a body may have.
const BODY_LIMIT: usize = 16 * 1024;

impl Route {
    fn caller(&self, app: &App) -> Box<dyn Caller> {
        match self.scope {
            None => Box::new(app.visitor()),
            Some(scope) => Box::new(app.api_client(scope)),
        }
    }

    fn send(&self, app: &App, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
        let call = self.caller(app).call("POST", self.path);
        let call = content_type
            .into_iter()
            .fold(call, |call, value| call.header("content-type", value));
        call.body(body).send()
    }

    fn send_json(&self, app: &App, body: impl Into<Vec<u8>>) -> Answer {
        self.send(app, Some("application/json"), body)
    }

    fn pointer(&self) -> String {
        format!("/{}", self.member)
    }

    /// A good body with one member replaced.
    fn with_member(&self, app: &App, value: Value) -> String {
        let mut body = (self.body)(app);
        body[self.member] = value;
        body.to_string()
    }

    /// A good body with one member's value replaced by text that no [`Value`] can hold.
    fn with_raw_member(&self, app: &App, raw: &str) -> String {
        self.with_member(app, json!("<here>"))
            .replace("\"<here>\"", raw)
    }
}
