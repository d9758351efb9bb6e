//! The other ports in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::model::hashing_gate::HashingGate;
use crate::model::log_line::LogLine;
use crate::ports::{
    Clock, Env, HttpClient, Log, Meter, NoAnswer, SecureRandom, Unavailable, Variables,
};
use crate::testing::MemoryKeyValue;
use crate::testing::executor::{sleep_once, yield_once};

/// A clock that only moves when it is told to. Clones share their time.
#[derive(Debug, Clone)]
pub struct SettableClock {
    time: Rc<Cell<Timestamp>>,
    /// Sleeps that take no time.
    pauses: Rc<Cell<Duration>>,
    sleeps: Rc<Cell<u32>>,
}

impl Default for SettableClock {
    fn default() -> Self {
        // 2026-11-23T09:00:00Z
        let time = Timestamp::from_unix_millis(1_795_424_400_000);
        Self {
            time: Rc::new(Cell::new(time)),
            pauses: Rc::default(),
            sleeps: Rc::default(),
        }
    }
}

impl SettableClock {
    /// Moves the time on by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.time.set(self.time.get().plus(duration));
    }

    /// Makes the next sleeps take no time, up to `pauses` in total: the next call does not wait for them.
    pub fn skip(&self, pauses: Duration) {
        self.pauses.set(pauses);
    }

    /// How many sleeps there have been.
    #[must_use]
    pub fn sleeps(&self) -> u32 {
        self.sleeps.get()
    }

    /// Moves the time back by `duration`.
    pub fn set_back(&self, duration: Duration) {
        self.time.set(self.time.get().minus(duration));
    }

    fn fork(&self) -> Self {
        Self {
            time: Rc::new(self.time.as_ref().clone()),
            pauses: Rc::new(self.pauses.as_ref().clone()),
            sleeps: Rc::default(),
        }
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Timestamp {
        self.time.get()
    }

    async fn sleep(&self, duration: Duration) {
        self.sleeps.set(self.sleeps.get().wrapping_add(1));
        let skipped = self.pauses.get().min(duration);
        self.pauses.set(self.pauses.get().saturating_sub(skipped));
        self.advance(duration.saturating_sub(skipped));
        sleep_once().await;
    }
}

/// Bytes that look random and are the same for the same seed (`SplitMix64`). Clones share their state.
#[derive(Debug, Clone)]
pub struct SeededRandom(Rc<Cell<u64>>);

impl SeededRandom {
    /// Starts at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(seed)))
    }

    fn fork(&self) -> Self {
        Self(Rc::new(self.0.as_ref().clone()))
    }
}

impl SecureRandom for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        for chunk in bytes.chunks_mut(8) {
            let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
            self.0.set(state);
            let mut value = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            value ^= value >> 31;
            chunk.copy_from_slice(&value.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// Email providers and receivers of webhooks in memory. They record what they get, and answer as set.
#[derive(Debug, Clone, Default)]
pub struct MemoryHttp(Rc<HttpInner>);

/// A status and a `Retry-After`, or none at all.
pub type ProviderAnswer = Result<(u16, Option<String>), NoAnswer>;

#[derive(Debug, Default)]
struct HttpInner {
    requests: RefCell<Vec<::http::Request<Vec<u8>>>>,
    /// By host; the empty name is for all others.
    answers: RefCell<BTreeMap<String, ProviderAnswer>>,
    /// Bodies by host; `{"id":"1"}` for all others.
    bodies: RefCell<BTreeMap<String, String>>,
    /// Answers all hosts, if set.
    script: RefCell<Option<Script>>,
}

/// The function that answers requests.
#[derive(Clone)]
struct Script(Rc<Answering>);

type Answering = dyn Fn(&::http::Request<Vec<u8>>) -> ProviderAnswer;

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl MemoryHttp {
    /// Takes the requests so far that `are_meant` selects.
    pub fn take_requests(
        &self,
        are_meant: impl Fn(&::http::Request<Vec<u8>>) -> bool,
    ) -> Vec<::http::Request<Vec<u8>>> {
        let mut taken = Vec::new();
        for request in self.0.requests.take() {
            if are_meant(&request) {
                taken.push(request);
            } else {
                self.0.requests.borrow_mut().push(request);
            }
        }
        taken
    }

    /// How many requests are waiting to be taken.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.0.requests.borrow().len()
    }

    /// Answers with `status` and `Retry-After` from now on.
    pub fn answer_with(&self, status: u16, retry_after: Option<&str>) {
        self.answer_from("", Ok((status, retry_after.map(str::to_owned))));
    }

    /// Does not answer from now on.
    pub fn fail_with(&self, why: NoAnswer) {
        self.answer_from("", Err(why));
    }

    /// Makes the host `host` answer so from now on.
    pub fn answer_from(&self, host: &str, answer: ProviderAnswer) {
        self.0.answers.borrow_mut().insert(host.to_owned(), answer);
    }

    /// Makes the host `host` answer with `body` from now on.
    pub fn answer_body_from(&self, host: &str, body: &str) {
        let mut bodies = self.0.bodies.borrow_mut();
        bodies.insert(host.to_owned(), body.to_owned());
    }

    /// Makes `script` answer every request from now on. Forks share it.
    pub fn answer_by(
        &self,
        script: impl Fn(&::http::Request<Vec<u8>>) -> ProviderAnswer + 'static,
    ) {
        *self.0.script.borrow_mut() = Some(Script(Rc::new(script)));
    }

    fn fork(&self) -> Self {
        Self(Rc::new(HttpInner {
            requests: self.0.requests.clone(),
            answers: self.0.answers.clone(),
            bodies: self.0.bodies.clone(),
            script: self.0.script.clone(),
        }))
    }
}

impl HttpClient for MemoryHttp {
    async fn send(
        &self,
        request: ::http::Request<Vec<u8>>,
        _timeout: Duration,
    ) -> Result<::http::Response<Vec<u8>>, NoAnswer> {
        yield_once().await;
        let host = request.uri().host().unwrap_or_default().to_owned();
        let scripted = self.0.script.borrow().clone().map(|it| (it.0)(&request));
        self.0.requests.borrow_mut().push(request);
        let answers = self.0.answers.borrow();
        let usual = answers.get(&host).or_else(|| answers.get("")).cloned();
        let answer = scripted.or(usual);
        let (status, retry_after) = answer.unwrap_or(Ok((200, None)))?;
        let mut response = ::http::Response::builder().status(status);
        if let Some(retry_after) = retry_after {
            response = response.header("retry-after", retry_after);
        }
        let bodies = self.0.bodies.borrow();
        let body = bodies.get(&host).map_or(r#"{"id":"1"}"#, String::as_str);
        Ok(response
            .body(body.as_bytes().to_vec())
            .expect("a valid answer"))
    }
}

/// The operator's variables. Forks have copies.
#[derive(Debug, Clone, Default)]
pub struct MemoryVariables(Rc<RefCell<BTreeMap<String, String>>>);

impl MemoryVariables {
    /// As the operator's change of `name`, from the next call on.
    pub fn set(&self, name: &str, value: &str) {
        self.0
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    /// As if the manifest did not declare `name`.
    pub fn unset(&self, name: &str) {
        self.0.borrow_mut().remove(name);
    }

    fn fork(&self) -> Self {
        Self(Rc::new(self.0.as_ref().clone()))
    }
}

impl Variables for MemoryVariables {
    async fn find(&self, name: &'static str) -> Option<String> {
        self.0.borrow().get(name).cloned()
    }
}

/// A log in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog(Rc<RefCell<Vec<String>>>);

impl MemoryLog {
    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    fn fork(&self) -> Self {
        Self(Rc::new(self.0.as_ref().clone()))
    }
}

impl Log for MemoryLog {
    fn write(&self, line: &LogLine) {
        self.0.borrow_mut().push(line.to_string());
    }
}

/// All ports together. Clones share everything.
#[derive(Debug, Clone)]
pub struct MemoryEnv {
    /// Stands still until a test or a sleep moves it.
    pub clock: SettableClock,
    /// The same in every run: ids and tokens are reproducible.
    pub random: SeededRandom,
    /// Can fail, stall and lose answers at any operation.
    pub store: MemoryKeyValue,
    /// Email providers, the portal and the list of breached passwords.
    pub http: MemoryHttp,
    /// The variables: those of `spin.toml`, with its defaults.
    pub variables: MemoryVariables,
    /// Lines are kept, to search them for secrets.
    pub log: MemoryLog,
    /// What was measured. Forks share it.
    pub meter: Meter,
    /// The gate of its only instance.
    pub hashing_gate: HashingGate,
}

/// The names and defaults declared in `spin.toml`, so that they are defined in one place only.
fn spin_toml_defaults() -> impl Iterator<Item = (String, String)> {
    include_str!("../../../../spin.toml")
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(" = { default = \"")?;
            let (default, _) = value.split_once('"')?;
            Some((name.to_owned(), default.to_owned()))
        })
}

/// A secret key for tests: base64 of the bytes 0 to 31.
const SECRET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Default for MemoryEnv {
    fn default() -> Self {
        let variables = MemoryVariables::default();
        for (name, value) in spin_toml_defaults() {
            variables.set(&name, &value);
        }
        for (name, value) in [
            ("secret_key", SECRET_KEY),
            ("public_base_url", "https://id.example.test"),
            ("email_provider", "resend"),
            ("email_api_key", "re_test"),
            ("email_from", "Keyback <no-reply@example.test>"),
            (
                "api_keys",
                // The digest is that of `kb_all_0123456789abcdef0123456789abcdef`.
                r#"[{"id":"all","sha256":"39550e94970db91e64a2f27fdcabe4d65a207ecd5ca0b614edff18ac8ca3851d","scopes":["users","users:hashes","reset","sign-in","courier","events","emails"]}]"#,
            ),
        ] {
            variables.set(name, value);
        }
        Self {
            clock: SettableClock::default(),
            random: SeededRandom::new(42),
            store: MemoryKeyValue::default(),
            http: MemoryHttp::default(),
            variables,
            log: MemoryLog::default(),
            meter: Meter::default(),
            hashing_gate: HashingGate::new(|_| ()),
        }
    }
}

impl MemoryEnv {
    /// An independent environment in the same state.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            clock: self.clock.fork(),
            random: self.random.fork(),
            store: self.store.fork(),
            http: self.http.fork(),
            variables: self.variables.fork(),
            log: self.log.fork(),
            meter: self.meter.clone(),
            hashing_gate: HashingGate::new(|_| ()),
        }
    }
}

impl Env for MemoryEnv {
    type Clock = SettableClock;
    type Random = SeededRandom;
    type Store = MemoryKeyValue;
    type Http = MemoryHttp;
    type Variables = MemoryVariables;
    type Log = MemoryLog;

    fn clock(&self) -> &SettableClock {
        &self.clock
    }
    fn random(&self) -> &SeededRandom {
        &self.random
    }
    fn store(&self) -> &MemoryKeyValue {
        &self.store
    }
    fn http(&self) -> &MemoryHttp {
        &self.http
    }
    fn variables(&self) -> &MemoryVariables {
        &self.variables
    }
    fn log(&self) -> &MemoryLog {
        &self.log
    }
    fn meter(&self) -> &Meter {
        &self.meter
    }
    fn hashing_gate(&self) -> &HashingGate {
        &self.hashing_gate
    }
}
