//! The ports on Spin.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use keyback::base::timestamp::Timestamp;
use keyback::model::hashing_gate::HashingGate;
use keyback::model::log_line::LogLine;
use keyback::ports::{Clock, Env, KeyValue, Log, Meter, SecureRandom, Unavailable, Variables};
use keyback::store::format::{Checked, Formats, Knowledge};

#[cfg(not(feature = "redis"))]
use crate::key_value::SpinKeyValue as SpinStore;
use crate::outbound::SpinHttp;
#[cfg(feature = "redis")]
use crate::redis::SpinRedis as SpinStore;

thread_local! {
    /// What this instance has measured and not stored yet.
    static METER: Meter = Meter::default();
    /// What this instance knows about the store's format.
    static FORMAT: Knowledge = Knowledge::default();
    /// The hashing gate, shared by all requests of the instance. It contains nothing of theirs.
    static HASHING_GATE: HashingGate = HashingGate::new(set_backpressure);
}

/// Everything a flow needs, from Spin. One for each request.
pub struct SpinEnv<S = Checked<SpinStore>> {
    store: S,
    was_store_used: Cell<bool>,
    meter: Meter,
    hashing_gate: HashingGate,
}

/// Makes the host send further requests to other instances, or to this one again.
fn set_backpressure(is_set: bool) {
    if is_set {
        spin_sdk::wit_bindgen::backpressure_inc();
    } else {
        spin_sdk::wit_bindgen::backpressure_dec();
    }
}

impl Default for SpinEnv {
    fn default() -> Self {
        let known = FORMAT.with(Clone::clone);
        Self::with_store(Checked::new::<Formats>(SpinStore::default(), known))
    }
}

impl<S: KeyValue> SpinEnv<S> {
    /// For a component with another store than the usual one.
    pub(crate) fn with_store(store: S) -> Self {
        Self {
            store,
            was_store_used: Cell::default(),
            meter: METER.with(Clone::clone),
            hashing_gate: HASHING_GATE.with(HashingGate::clone),
        }
    }

    /// Whether the request has used the store, or may have.
    pub(crate) fn was_store_used(&self) -> bool {
        self.was_store_used.get()
    }

    /// The source of randomness.
    #[must_use]
    pub fn entropy(&self) -> &impl SecureRandom {
        &HostRandom
    }
}

impl<S: KeyValue> Env for SpinEnv<S> {
    type Clock = HostClock;
    type Random = HostRandom;
    type Store = S;
    type Http = SpinHttp;
    type Variables = SpinVariables;
    type Log = StderrLog;

    fn clock(&self) -> &HostClock {
        &HostClock
    }
    fn random(&self) -> &HostRandom {
        &HostRandom
    }
    fn store(&self) -> &S {
        self.was_store_used.set(true);
        &self.store
    }
    fn http(&self) -> &SpinHttp {
        &SpinHttp
    }
    fn variables(&self) -> &SpinVariables {
        &SpinVariables
    }
    fn log(&self) -> &StderrLog {
        &StderrLog
    }
    fn meter(&self) -> &Meter {
        &self.meter
    }
    fn hashing_gate(&self) -> &HashingGate {
        &self.hashing_gate
    }
}

/// The host's wall clock.
#[derive(Debug)]
pub struct HostClock;

impl Clock for HostClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_unix_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

/// The host's random bytes, which the WASI interface promises to be cryptographically secure.
#[derive(Debug)]
pub struct HostRandom;

impl SecureRandom for HostRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        // The host may return fewer bytes than requested, but not none.
        let mut rest = bytes;
        while !rest.is_empty() {
            let drawn = spin_sdk::wasip3::random::random::get_random_bytes(rest.len() as u64);
            let count = drawn.len().min(rest.len());
            let (filled, left) = rest
                .split_at_mut_checked(count)
                .ok_or(Unavailable::Random)?;
            if filled.is_empty() {
                return Err(Unavailable::Random);
            }
            for (to, from) in filled.iter_mut().zip(drawn) {
                *to = from;
            }
            rest = left;
        }
        Ok(())
    }
}

thread_local! {
    /// The variables that this instance has looked up. It serves at most 128 requests, so no value is cached for long.
    static FOUND: RefCell<BTreeMap<&'static str, Option<String>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Variables through `spin:variables`, looked up once per instance: asking the host takes longer than parsing. Only those
/// that `spin.toml` maps to the component exist.
#[derive(Debug)]
pub struct SpinVariables;

impl Variables for SpinVariables {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads variables"
    )]
    async fn find(&self, name: &'static str) -> Option<String> {
        if let Some(found) = FOUND.with_borrow(|known| known.get(name).cloned()) {
            return found;
        }
        let found = spin_sdk::variables::get(name).await.ok();
        FOUND.with_borrow_mut(|known| known.insert(name, found.clone()));
        found
    }
}

/// Standard error, which Spin writes to the component's log.
#[derive(Debug)]
pub struct StderrLog;

impl Log for StderrLog {
    fn write(&self, line: &LogLine) {
        // `eprintln!` panics where nothing can be written, such as on a full disk, and ends every request of the instance.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
