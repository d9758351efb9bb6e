//! The library's ports on a native machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use keyback::base::timestamp::Timestamp;
use keyback::model::hashing_gate::HashingGate;
use keyback::model::log_line::LogLine;
use keyback::ports::{
    Clock, Env, HttpClient, Log, Meter, NoAnswer, SecureRandom, Unavailable, Variables,
};

use super::store::SqliteStore;

/// Everything a flow needs, from this machine.
#[derive(Clone)]
pub(super) struct NativeEnv {
    store: Arc<SqliteStore>,
    variables: Arc<Settings>,
    http: PooledHttp,
    meter: Meter,
}

impl NativeEnv {
    pub(super) fn new(store: Arc<SqliteStore>, variables: Arc<Settings>) -> Self {
        let http = PooledHttp(Client::builder(TokioExecutor::new()).build_http());
        Self {
            store,
            variables,
            http,
            meter: Meter::default(),
        }
    }
}

impl Env for NativeEnv {
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Store = SqliteStore;
    type Http = PooledHttp;
    type Variables = Settings;
    type Log = StderrLog;

    fn clock(&self) -> &SystemClock {
        &SystemClock
    }
    fn random(&self) -> &SystemRandom {
        &SystemRandom
    }
    fn store(&self) -> &SqliteStore {
        &self.store
    }
    fn http(&self) -> &PooledHttp {
        &self.http
    }
    fn variables(&self) -> &Settings {
        &self.variables
    }
    fn log(&self) -> &StderrLog {
        &StderrLog
    }
    fn meter(&self) -> &Meter {
        &self.meter
    }
    fn hashing_gate(&self) -> &HashingGate {
        HASHING_GATE.with(|gate| *gate)
    }
}

thread_local! {
    /// One for the server, which has one thread.
    static HASHING_GATE: &'static HashingGate = Box::leak(Box::new(HashingGate::new(|_| ())));
}

pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_unix_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

pub(super) struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        getrandom::fill(bytes).map_err(|_| Unavailable::Random)
    }
}

/// Plain HTTP over kept-alive connections: the email sink has no TLS.
#[derive(Clone)]
pub(super) struct PooledHttp(Client<HttpConnector, Full<Bytes>>);

impl HttpClient for PooledHttp {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, NoAnswer> {
        let answer = async {
            let answer = self.0.request(request.map(|body| Full::new(body.into())));
            let (head, body) = answer
                .await
                .map_err(|error| {
                    if error.is_connect() {
                        NoAnswer::NotConnected
                    } else {
                        NoAnswer::Unreachable
                    }
                })?
                .into_parts();
            let body = body
                .collect()
                .await
                .map_err(|_| NoAnswer::CutShort(head.status.as_u16()))?;
            Ok(http::Response::from_parts(head, body.to_bytes().to_vec()))
        };
        tokio::time::timeout(timeout, answer)
            .await
            .unwrap_or(Err(NoAnswer::TimedOut))
    }
}

/// The application's variables by name.
pub(super) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// The defaults in `spin.toml`, and what the environment sets as Spin reads it: `SPIN_VARIABLE_<NAME>`.
    pub(super) fn read() -> anyhow::Result<Self> {
        let manifest: toml::Table = include_str!("../../../spin.toml").parse()?;
        let declared = manifest.get("variables").and_then(toml::Value::as_table);
        let values = declared.into_iter().flatten().filter_map(|(name, about)| {
            let set = std::env::var(format!("SPIN_VARIABLE_{}", name.to_uppercase())).ok();
            let default = about.get("default").and_then(toml::Value::as_str);
            Some((name.clone(), set.or(default.map(str::to_owned))?))
        });
        Ok(Self(values.collect()))
    }
}

impl Variables for Settings {
    async fn find(&self, name: &'static str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

pub(super) struct StderrLog;

impl Log for StderrLog {
    fn write(&self, line: &LogLine) {
        eprintln!("{line}");
    }
}
