//! What the library needs from the machine: five ports and a log, gathered in one [`Env`].

use std::time::Duration;

use crate::model::log_line::LogLine;
use crate::model::timestamp::Timestamp;
use crate::store::keys::{AnyKey, CounterKey, Key};

/// Something outside this program failed; the caller answers 503 and changes nothing more.
///
/// The text is for the log. It names what failed and never holds a key's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Outage {
    /// The key-value store answered with an error.
    #[error("the store failed: {0}")]
    Store(String),
    /// A stored record could not be read, or could not be unsealed with any known key.
    #[error("an unreadable record: {0}")]
    Record(&'static str),
    /// The source of randomness failed.
    #[error("no secure randomness")]
    Random,
    /// The host's password hashing failed, which only a lack of memory can cause.
    #[error("password hashing failed")]
    Hashing,
    /// A page's template could not be rendered.
    #[error("a template failed")]
    Template,
    /// A variable is missing or unusable; each was named in the log.
    #[error("bad variables: {}", .0.join(", "))]
    Variables(Vec<&'static str>),
}

/// Wall-clock time.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait Clock {
    /// The current time.
    fn now(&self) -> Timestamp;
    /// Waits for at least `duration`.
    async fn sleep(&self, duration: Duration);
}

/// A cryptographically secure source of random bytes.
pub trait SecureRandom {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`Outage::Random`] when the source fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Outage>;
}

/// The key-value store. No call but [`KeyValue::increment`] is atomic towards another caller.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait KeyValue {
    /// The value under `key`.
    ///
    /// # Errors
    /// [`Outage::Store`], as with every call of this trait.
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Outage>;
    /// Whether anything, a counter too, stands under `key`. Reading a counter would create it; this does not.
    ///
    /// # Errors
    /// [`Outage::Store`].
    async fn exists(&self, key: &AnyKey) -> Result<bool, Outage>;
    /// Stores all `entries`; in one transaction where the store has such.
    ///
    /// # Errors
    /// [`Outage::Store`].
    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Outage>;
    /// Deletes all `keys`; absent ones are no error.
    ///
    /// # Errors
    /// [`Outage::Store`].
    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Outage>;
    /// Adds `delta` to the counter and returns the sum; an absent counter counts from zero and is created, by a
    /// `delta` of zero too. Of all callers, no two get the same sum from the same counter with `delta` 1.
    ///
    /// # Errors
    /// [`Outage::Store`].
    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Outage>;
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
    #[error("no answer came")]
    Unreachable,
    /// The answer began with this status, and the rest of it did not come in time, or was too long.
    #[error("answered {0}, and not completely")]
    CutShort(u16),
}

/// Outbound HTTP.
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

/// The application's variables.
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
    /// Writes one line.
    fn write(&self, line: &LogLine);
}

/// Everything a flow needs from outside, in one type parameter.
pub trait Env {
    /// Wall-clock time.
    type Clock: Clock;
    /// Randomness.
    type Random: SecureRandom;
    /// The store.
    type Store: KeyValue;
    /// Outbound HTTP.
    type Http: HttpClient;
    /// The variables.
    type Variables: Variables;
    /// The log.
    type Log: Log;

    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// The randomness.
    fn random(&self) -> &Self::Random;
    /// The store.
    fn store(&self) -> &Self::Store;
    /// The HTTP client.
    fn http(&self) -> &Self::Http;
    /// The variables.
    fn variables(&self) -> &Self::Variables;
    /// The log.
    fn log(&self) -> &Self::Log;
}
