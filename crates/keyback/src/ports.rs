//! The ports: what the library needs from the host. [`Env`] gathers them.

mod meter;

use std::time::Duration;

pub use crate::base::random::SecureRandom;
pub use crate::base::unavailable::Unavailable;
pub use meter::Meter;

use crate::base::keys::{AnyKey, CounterKey, Key};
use crate::base::timestamp::Timestamp;
use crate::model::hashing_gate::HashingGate;
use crate::model::log_line::LogLine;

/// The shortest sleep, between two steps of long work. Where calls to the store block, the instance's other requests only
/// run during one. It takes one or two milliseconds if there are none.
pub const PAUSE: Duration = Duration::from_micros(1);

/// Wall-clock time. It may jump in either direction; nothing that is stored relies on its order.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait Clock {
    /// The time in UTC, in milliseconds.
    fn now(&self) -> Timestamp;
    /// Waits for at least `duration`.
    async fn sleep(&self, duration: Duration);
}

/// The key-value store. No call except [`KeyValue::increment`] is atomic with respect to other callers.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait KeyValue {
    /// The value under `key`.
    ///
    /// # Errors
    /// [`Unavailable::Store`], as with every call of this trait.
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Unavailable>;
    /// Whether a value or a counter is stored under `key`. Unlike reading a counter, this does not create it.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    async fn exists(&self, key: &AnyKey) -> Result<bool, Unavailable>;
    /// Stores all `entries`; in one transaction if the store has transactions.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable>;
    /// Deletes all `keys`; absent ones are not an error.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Unavailable>;
    /// Adds `delta` to the counter and returns the sum. An absent counter counts from zero and is created, even by a
    /// `delta` of zero. No two callers get the same sum from the same counter with `delta` 1.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Unavailable>;
}

/// Why an outbound call brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// No answer within the time allowed.
    #[error("timed out")]
    TimedOut,
    /// The host may not be called: it is not granted in `spin.toml`.
    #[error("the host is not granted")]
    Denied,
    /// No connection was made: nothing of the request was sent.
    #[error("could not connect")]
    NotConnected,
    /// The connection broke, or anything else went wrong: the other side may have the request.
    #[error("no response")]
    Unreachable,
    /// The answer began with this status, and the rest of it did not come in time, or was too long.
    #[error("incomplete {0} response")]
    CutShort(u16),
}

/// Outbound HTTP, limited to the hosts that `spin.toml` grants.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait HttpClient {
    /// Sends `request` and reads the whole answer, of at most 256 KiB; redirects are not followed.
    ///
    /// # Errors
    /// [`NoAnswer`] when there is no complete answer within `timeout`.
    async fn send(
        &self,
        request: ::http::Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<::http::Response<Vec<u8>>, NoAnswer>;
}

/// The application's settings, by name. An empty value is a value.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait Variables {
    /// The value of `name`, which `spin.toml` must map to the component; `None` if it is not set.
    async fn find(&self, name: &'static str) -> Option<String>;
}

/// Where log lines go. [`LogLine`] decides what may be in one.
pub trait Log {
    /// Writes `line` to standard error. Failures are ignored: a log must not fail a request.
    fn write(&self, line: &LogLine);
}

/// Everything that the library needs from the host, in one type parameter.
///
/// The types and their getters have the names of the traits that they implement.
#[expect(missing_docs, reason = "the bounds say it")]
pub trait Env {
    type Clock: Clock;
    type Random: SecureRandom;
    type Store: KeyValue;
    type Http: HttpClient;
    type Variables: Variables;
    type Log: Log;

    fn clock(&self) -> &Self::Clock;
    fn random(&self) -> &Self::Random;
    fn store(&self) -> &Self::Store;
    fn http(&self) -> &Self::Http;
    fn variables(&self) -> &Self::Variables;
    fn log(&self) -> &Self::Log;
    /// The counts of this instance.
    fn meter(&self) -> &Meter;
    /// The gate that every request that hashes passes through.
    fn hashing_gate(&self) -> &HashingGate;
}
