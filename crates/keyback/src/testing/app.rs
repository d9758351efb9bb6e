//! The whole app in memory, called through the `http` layer, so that tests include statuses and bodies.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};

use crate::base::keys::Key;
use crate::courier::after_response;
use crate::ports::KeyValue as _;
use crate::store::cx::Deferred;
use crate::testing::{Mail, MemoryEnv, Reply, block_on, exchange, exchange_raw, hash_cheaply};

/// The bearer string whose digest [`MemoryEnv`] lists.
const API_KEY: &str = "kb_all_0123456789abcdef0123456789abcdef";

/// A call that tests can send as it is, change or send again.
#[derive(Debug, Clone)]
pub struct Call {
    method: &'static str,
    path: String,
    body: String,
    headers: Vec<(String, String)>,
}

impl Call {
    /// A `POST` of `body` from the client at `client`.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a body is mostly made where it is sent"
    )]
    pub fn post(path: &str, body: Value, client: &str) -> Self {
        let headers = [
            ("content-type", "application/json"),
            ("authorization", &format!("Bearer {API_KEY}")),
            ("spin-client-addr", client),
        ];
        Self {
            method: "POST",
            path: path.to_owned(),
            body: body.to_string(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }

    /// The same call with another method.
    #[must_use]
    pub fn by(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// An import of accounts, one a line.
    #[must_use]
    pub fn import(lines: &[Value]) -> Self {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        Self {
            body: lines.join("\n"),
            ..Self::post("/v1/admin/users/import", Value::Null, "192.0.2.1:50000")
        }
    }

    /// An import of a table.
    #[must_use]
    pub fn import_table(text: &str) -> Self {
        let mut call = Self::import(&[]);
        call.headers.retain(|(name, _)| name != "content-type");
        text.clone_into(&mut call.body);
        call.with_header("content-type", "text/csv")
    }

    /// The same call with a body of any text and type.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, text: &str) -> Self {
        self.headers.retain(|(name, _)| name != "content-type");
        text.clone_into(&mut self.body);
        self.with_header("content-type", content_type)
    }

    /// A `GET`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET",
            body: String::new(),
            ..Self::post(path, Value::Null, "192.0.2.1:50000")
        }
    }

    /// The same call to another path.
    #[must_use]
    pub fn to(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The same call with another `Authorization`.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        self.headers.retain(|(name, _)| name != "authorization");
        self.with_header("authorization", value)
    }

    /// The call as a request, with a body of any bytes.
    #[must_use]
    pub fn with_bytes(&self, body: &[u8]) -> ::http::Request<Vec<u8>> {
        let mut request = ::http::Request::builder()
            .method(self.method)
            .uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body.to_vec()).unwrap()
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_bytes()
    }

    /// The same call with one more header, placed before the others like a client's own.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(0, (name.to_owned(), value.to_owned()));
        self
    }
}

/// The app, and a client with an address.
#[derive(Debug)]
pub struct App {
    /// The machine that it runs on.
    pub env: MemoryEnv,
    client: RefCell<String>,
}

/// A recovery request and the email that it led to.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The public name from the answer.
    pub challenge_id: String,
    /// The code in the email.
    pub code: String,
    /// The token after the `#` of the link that resets.
    pub link: String,
    /// The token of the "this was not me" link.
    pub cancel: String,
}

impl Default for App {
    fn default() -> Self {
        Self::on(MemoryEnv::default())
    }
}

impl App {
    /// The address of the account in [`App::with_account`].
    pub const EMAIL: &str = "ann@example.test";
    /// An address without an account.
    pub const NOBODY: &str = "eve@example.test";
    /// The password of that account.
    pub const PASSWORD: &str = "staple horse violet crane";
    /// A good password to change to.
    pub const NEW_PASSWORD: &str = "copper lantern drifts north";
    /// Another good password.
    pub const OTHER_PASSWORD: &str = "seven otters paint slowly";

    /// The app on `env`, with cheap hashing.
    #[must_use]
    pub fn on(env: MemoryEnv) -> Self {
        hash_cheaply();
        Self {
            env,
            client: RefCell::new("192.0.2.1:50000".to_owned()),
        }
    }

    /// The app with an account at [`App::EMAIL`] that has [`App::PASSWORD`].
    #[must_use]
    pub fn with_account() -> Self {
        let app = Self::default();
        let _ = app.create_account(Self::EMAIL).expect(201);
        app
    }

    /// An independent app in the same state.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            env: self.env.fork(),
            client: self.client.clone(),
        }
    }

    /// Makes further calls come from the client at `address`.
    pub fn come_from(&self, address: &str) {
        address.clone_into(&mut self.client.borrow_mut());
    }

    /// A `POST` of `body` from the current client.
    #[must_use]
    pub fn call(&self, path: &str, body: Value) -> Call {
        Call::post(path, body, &self.client.borrow())
    }

    /// Makes `call`, and does the work after the answer.
    pub fn make(&self, call: &Call) -> Reply {
        let (reply, deferred) = self.answer(call);
        block_on(after_response::run(&self.env, deferred));
        reply
    }

    /// Makes a call with any bytes, and does the work after the answer.
    pub fn send(&self, request: ::http::Request<Vec<u8>>) -> Reply {
        let (reply, deferred) = block_on(exchange_raw(&self.env, request));
        block_on(after_response::run(&self.env, deferred));
        reply
    }

    /// Makes `call`, and leaves the work after the answer to the test.
    pub fn answer(&self, call: &Call) -> (Reply, Deferred) {
        block_on(exchange(&self.env, call))
    }

    /// Creates an account with [`App::PASSWORD`].
    pub fn create_account(&self, email: &str) -> Reply {
        let body = json!({"email": email, "password": Self::PASSWORD});
        self.make(&self.call("/v1/admin/users", body))
    }

    /// Asks for a recovery.
    pub fn forgot(&self, email: &str) -> Reply {
        self.make(&self.call("/v1/forgot-password", json!({"email": email})))
    }

    /// Asks for a recovery of [`App::EMAIL`] and reads the one recovery email.
    #[track_caller]
    pub fn recover(&self) -> Recovery {
        let challenge_id = self.forgot(Self::EMAIL).expect(202).text("challenge_id");
        let mut mails = self.take_mails();
        mails.retain(Mail::is_recovery);
        assert_eq!(mails.len(), 1, "{mails:?}");
        Recovery {
            challenge_id,
            code: mails[0].code(),
            link: mails[0].link(),
            cancel: mails[0].cancel(),
        }
    }

    /// Submits a code.
    pub fn verify(&self, challenge_id: &str, code: &str) -> Reply {
        let body = json!({"challenge_id": challenge_id, "code": code});
        self.make(&self.call("/v1/verify-otp", body))
    }

    /// Submits a code for the account with an address.
    pub fn verify_for(&self, email: &str, code: &str) -> Reply {
        let body = json!({"email": email, "code": code});
        self.make(&self.call("/v1/verify-otp", body))
    }

    /// Asks what a token would do.
    pub fn check(&self, token: &str) -> Reply {
        self.make(&self.call("/v1/reset-password/check", json!({"token": token})))
    }

    /// Sets a new password.
    pub fn reset(&self, token: &str, new_password: &str) -> Reply {
        let body = json!({"token": token, "new_password": new_password});
        self.make(&self.call("/v1/reset-password", body))
    }

    /// Opens "this was not me".
    pub fn cancel(&self, token: &str) -> Reply {
        self.make(&self.call("/v1/cancel-recovery", json!({"token": token})))
    }

    /// Signs in.
    pub fn sign_in(&self, email: &str, password: &str) -> Reply {
        let body = json!({"email": email, "password": password});
        self.make(&self.call("/v1/sign-in", body))
    }

    /// Whether [`App::EMAIL`] signs in with `password`.
    pub fn knows(&self, password: &str) -> bool {
        self.sign_in(Self::EMAIL, password).status == 200
    }

    /// Runs the courier, which does all work that is due.
    #[track_caller]
    pub fn run_courier(&self) -> Reply {
        self.make(&self.call("/v1/courier/run", json!({})))
            .expect(200)
    }

    /// Keys that the store of `fresh`, which has the same accounts, lacks. Per-account counters and the email counter are left
    /// out.
    #[must_use]
    pub fn left_over(&self, fresh: &Self) -> Vec<String> {
        let expected = fresh.env.store.names();
        let mut names = self.env.store.names();
        let gone: Vec<_> = expected
            .iter()
            .filter(|name| !names.contains(name))
            .collect();
        assert_eq!(gone, Vec::<&String>::new(), "more went than may go");
        let of_accounts = [
            "v1:events:",
            "v1:event-chain:",
            "v1:event-feed",
            "v1:emails",
            "v1:foreign-hashes",
            "v1:agenda",
            "v1:lease:agenda:",
            "v1:directory-begun",
            "v1:directory-changes",
            "v1:directory-listings:",
            "v1:directory-node:",
            "v1:lease:directory:",
            "v1:locks",
            "v1:signed-in:",
            "v1:journal:",
            "v1:decoy",
            "v1:limit-full:",
            "v1:attempts:.:0",
        ];
        names.retain(|name| {
            let is_part = name.starts_with("v1:event-feed-part:");
            let lasting = !is_part && of_accounts.iter().any(|kind| name.starts_with(kind));
            !lasting && name != "v1:directory" && !expected.contains(name)
        });
        names
    }

    /// Writes `value` into the store under `name`.
    pub fn write(&self, name: &str, value: Vec<u8>) {
        let write = (Key::forged(name), value);
        block_on(self.env.store.set_many(vec![write])).unwrap();
    }

    /// Lets `seconds` pass.
    pub fn advance(&self, seconds: u64) {
        self.env.clock.advance(Duration::from_secs(seconds));
    }

    /// Takes all emails that providers got since the last call.
    pub fn take_mails(&self) -> Vec<Mail> {
        let mails = self
            .env
            .http
            .take_requests(|request| request.headers().contains_key("idempotency-key"));
        mails.iter().map(Mail::new).collect()
    }

    /// Takes all webhooks that were sent since the last call.
    pub fn take_webhooks(&self) -> Vec<::http::Request<Vec<u8>>> {
        self.env
            .http
            .take_requests(|request| request.headers().contains_key("webhook-id"))
    }

    /// The emails in `state`, newest first, as the administrator sees them.
    #[must_use]
    pub fn emails_in(&self, state: &str) -> Vec<Value> {
        let call = Call::get(&format!("/v1/admin/emails?state={state}"));
        let page = self.make(&call).expect(200).json();
        page["emails"].as_array().unwrap().clone()
    }

    /// Runs the courier every minute for `minutes`.
    pub fn run_courier_for(&self, minutes: u64) {
        for _ in 0..minutes {
            self.advance(60);
            let _ = self.run_courier();
        }
    }
}

/// A code that is not `code`.
#[must_use]
pub fn other_than(code: &str) -> String {
    let wrong = if code.starts_with('0') { "1" } else { "0" };
    format!("{wrong}{}", &code[1..])
}
