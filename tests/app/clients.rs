//! Who is calling is a type: a visitor has no credentials, an API client has a key.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::{
    Agent,
    http::{Method, Request, request},
};

use super::{
    Answer,
    limits::{ANSWER_LIMIT, STATE_LIMIT},
};

/// Anyone who can call the app.
pub(crate) trait Caller {
    /// A call to this path with what the caller always sends.
    fn call(&self, method: &str, path: &str) -> Call;

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path).json(body).send()
    }

    fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send()
    }
}

/// Somebody without credentials: a person's browser, or an attacker.
#[derive(Clone)]
pub(crate) struct Visitor {
    http: Http,
    headers: Vec<(String, String)>,
}

impl Visitor {
    pub(super) fn new(origin: &str) -> Self {
        Self {
            http: Http::new(origin),
            headers: Vec::new(),
        }
    }

    /// The same visitor, who sends this header with every call.
    pub(crate) fn sending(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn forgot_password(&self, email: &str) -> Answer {
        self.post("/v1/forgot-password", &json!({ "email": email }))
    }

    /// Asks for a recovery and returns the challenge's id.
    pub(crate) fn challenge(&self, email: &str) -> String {
        let body = self.forgot_password(email).expect_json(202);
        body["challenge_id"]
            .as_str()
            .expect("the answer names its challenge")
            .to_owned()
    }

    pub(crate) fn verify_otp(&self, challenge_id: &str, code: &str) -> Answer {
        self.post(
            "/v1/verify-otp",
            &json!({ "challenge_id": challenge_id, "code": code }),
        )
    }

    /// Submits a code for the account with an address.
    pub(crate) fn verify_otp_for(&self, email: &str, code: &str) -> Answer {
        self.post("/v1/verify-otp", &json!({ "email": email, "code": code }))
    }

    /// Asks what a token would do.
    pub(crate) fn check_token(&self, token: &str) -> Answer {
        self.post("/v1/reset-password/check", &json!({ "token": token }))
    }

    pub(crate) fn cancel_recovery(&self, token: &str) -> Answer {
        self.post("/v1/cancel-recovery", &json!({ "token": token }))
    }

    pub(crate) fn reset_password(&self, token: &str, new_password: &str) -> Answer {
        self.post(
            "/v1/reset-password",
            &json!({ "token": token, "new_password": new_password }),
        )
    }
}

impl Caller for Visitor {
    fn call(&self, method: &str, path: &str) -> Call {
        let call = self.http.call(method, path);
        self.headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value))
    }
}

/// A portal's back end, which has an API key.
#[derive(Clone)]
pub(crate) struct ApiClient {
    http: Http,
    authorization: String,
}

impl ApiClient {
    pub(super) fn new(origin: &str, key: &str) -> Self {
        Self {
            http: Http::new(origin),
            authorization: format!("Bearer {key}"),
        }
    }

    /// The same client, who does not try again when the app is overloaded.
    pub(crate) fn impatient(mut self) -> Self {
        self.http.is_patient = false;
        self
    }

    pub(crate) fn create_user(&self, account: &Value) -> Answer {
        self.post("/v1/admin/users", account)
    }

    /// Like [`ApiClient::create_user`], for an app that may end at any moment: `None` if no answer came.
    pub(crate) fn try_create_user(&self, account: &Value) -> Option<Answer> {
        let call = self.call("POST", "/v1/admin/users").json(account);
        call.try_fetch().ok()
    }

    pub(crate) fn find_user(&self, id: &str) -> Answer {
        self.get(&format!("/v1/admin/users/{id}"))
    }

    /// Imports NDJSON.
    pub(crate) fn import_users(&self, lines: impl Into<Vec<u8>>) -> Answer {
        self.call("POST", "/v1/admin/users/import")
            .header("content-type", "application/x-ndjson")
            .body(lines)
            .send()
    }

    pub(crate) fn update_user(&self, id: &str, changes: &Value) -> Answer {
        self.call("PATCH", &format!("/v1/admin/users/{id}"))
            .json(changes)
            .send()
    }

    pub(crate) fn delete_user(&self, id: &str) -> Answer {
        self.call("DELETE", &format!("/v1/admin/users/{id}")).send()
    }

    pub(crate) fn reset_users_password(&self, id: &str, order: &Value) -> Answer {
        self.post(&format!("/v1/admin/users/{id}/reset-password"), order)
    }

    pub(crate) fn require_password_change(&self, id: &str, required: bool) -> Answer {
        self.call("PUT", &format!("/v1/admin/users/{id}/password-change"))
            .json(&json!({ "required": required }))
            .send()
    }

    pub(crate) fn start_recovery(&self, id: &str, order: &Value) -> Answer {
        self.post(&format!("/v1/admin/users/{id}/recovery"), order)
    }

    pub(crate) fn find_email(&self, id: &str) -> Answer {
        self.get(&format!("/v1/admin/emails/{id}"))
    }

    pub(crate) fn retry_email(&self, id: &str) -> Answer {
        self.call("POST", &format!("/v1/admin/emails/{id}/retry"))
            .body("")
            .send()
    }

    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/v1/sign-in",
            &json!({ "email": email, "password": password }),
        )
    }

    pub(crate) fn run_courier(&self) -> Answer {
        self.call("POST", "/v1/courier/run").body("").send()
    }
}

impl Caller for ApiClient {
    fn call(&self, method: &str, path: &str) -> Call {
        self.http
            .call(method, path)
            .header("authorization", &self.authorization)
    }
}

/// A call being put together.
pub(crate) struct Call {
    agent: Agent,
    name: String,
    request: request::Builder,
    body: Option<Vec<u8>>,
    /// Whether it is sent again when the app is too busy hashing, as it may be on a busy machine.
    is_patient: bool,
}

impl Call {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self {
            request: self.request.header(name, value),
            ..self
        }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Sends these bytes; the content type is another header.
    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: Some(body.into()),
            ..self
        }
    }

    /// The call's name, and what it sends.
    pub(super) fn into_request(self) -> (String, Request<Vec<u8>>) {
        let body = self.body.unwrap_or_default();
        let request = self.request.body(body).expect("the call is well formed");
        (self.name, request)
    }

    /// Sends the call to the API, and checks the headers that all its answers have.
    #[track_caller]
    pub(crate) fn send(self) -> Answer {
        let answer = self.fetch();
        answer.assert_guarded();
        answer
    }

    /// Sends the call to the API or to a page.
    #[track_caller]
    pub(crate) fn fetch(self) -> Answer {
        let name = self.name.clone();
        self.try_fetch()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Like [`Call::send`], for an app that may end at any moment: `None` if no whole answer came.
    #[track_caller]
    pub(crate) fn try_send(self) -> Option<Answer> {
        let answer = self.try_fetch().ok()?;
        answer.assert_guarded();
        Some(answer)
    }

    /// # Errors
    ///
    /// When there is no whole answer.
    fn try_fetch(self) -> Result<Answer, ureq::Error> {
        let Self {
            agent,
            name,
            request,
            body,
            is_patient,
        } = self;
        let request = request.body(()).expect("the call is well formed");
        let deadline = Instant::now() + STATE_LIMIT;
        loop {
            let (head, ()) = request.clone().into_parts();
            let response = match &body {
                Some(body) => agent.run(Request::from_parts(head, body.as_slice())),
                None => agent.run(Request::from_parts(head, ())),
            };
            let (head, mut body) = response?.into_parts();
            let headers = head.headers.iter().map(|(name, value)| {
                let value = value.to_str().expect("the header is text");
                (name.as_str().to_owned(), value.to_owned())
            });
            let answer = Answer {
                status: head.status.as_u16(),
                headers: headers.collect(),
                body: body.read_to_vec()?,
                call: name.clone(),
            };
            if !is_patient || !is_overloaded(&answer) || Instant::now() > deadline {
                return Ok(answer);
            }
            thread::sleep(A_LITTLE);
        }
    }
}

/// The shortest wait that an overloaded app asks for.
const A_LITTLE: Duration = Duration::from_secs(1);

fn is_overloaded(answer: &Answer) -> bool {
    answer.status == 503 && answer.text().contains("/problems/overloaded\"")
}

#[derive(Clone)]
struct Http {
    agent: Agent,
    origin: String,
    is_patient: bool,
}

impl Http {
    fn new(origin: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // A connection for each call: the client's port differs every time, as it does between people.
            .max_idle_connections(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(ANSWER_LIMIT));
        Self {
            agent: config.build().new_agent(),
            origin: origin.to_owned(),
            is_patient: true,
        }
    }

    fn call(&self, method: &str, path: &str) -> Call {
        let method = Method::from_bytes(method.as_bytes()).expect("the method is a token");
        Call {
            agent: self.agent.clone(),
            name: format!("{method} {path}"),
            request: Request::builder()
                .method(method)
                .uri(format!("{}{path}", self.origin)),
            body: None,
            is_patient: self.is_patient,
        }
    }
}
