//! A store in memory that behaves as Spin's do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::ports::{KeyValue, Outage};
use crate::store::keys::{AnyKey, CounterKey, Key};

thread_local! {
    /// How often the running [`block_on`] has polled. All store calls that start in one poll are one round trip.
    static POLLS: Cell<u64> = const { Cell::new(0) };
}

/// Runs `future` to its end on this thread.
///
/// # Panics
/// When it does not end after a million polls.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        POLLS.set(POLLS.get() + 1);
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future does not end");
}

/// Waits for the next poll, as a call to the host would.
pub(super) async fn yield_once() {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// A store in memory. Clones share their contents.
#[derive(Debug, Clone, Default)]
pub struct MemoryKeyValue(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    entries: RefCell<BTreeMap<String, Vec<u8>>>,
    operations: Cell<u64>,
    round_trips: Cell<u64>,
    last_round_trip_poll: Cell<u64>,
    fail_from: Cell<Option<u64>>,
    operations_seen: RefCell<Vec<&'static str>>,
}

impl MemoryKeyValue {
    /// All names in the store, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.entries.borrow().keys().cloned().collect()
    }

    /// The bytes under `name`; a counter's are 8, little-endian, as on SQLite.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.entries.borrow().get(name).cloned()
    }

    /// Everything stored, as one text, to search for what must not be there.
    #[must_use]
    pub fn dump(&self) -> String {
        self.0
            .entries
            .borrow()
            .iter()
            .map(|(name, bytes)| format!("{name} = {}\n", String::from_utf8_lossy(bytes)))
            .collect()
    }

    /// Round trips since the last call; calls issued together count once.
    #[must_use]
    pub fn take_round_trips(&self) -> u64 {
        self.0.round_trips.take()
    }

    /// The names of the operations since the last call, in order.
    #[must_use]
    pub fn take_operations(&self) -> Vec<&'static str> {
        self.0.operations_seen.take()
    }

    /// How many operations there were in all.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.0.operations.get()
    }

    /// Makes every operation fail after `successes` more; `None` mends the store.
    pub fn fail_after(&self, successes: Option<u64>) {
        self.0
            .fail_from
            .set(successes.map(|successes| self.0.operations.get() + successes));
    }

    async fn operate<T>(
        &self,
        name: &'static str,
        operate: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> Result<T, Outage>,
    ) -> Result<T, Outage> {
        let inner = &self.0;
        let poll = POLLS.get();
        if inner.last_round_trip_poll.replace(poll) != poll {
            inner.round_trips.set(inner.round_trips.get() + 1);
        }
        yield_once().await;
        let number = inner.operations.get();
        inner.operations.set(number + 1);
        inner.operations_seen.borrow_mut().push(name);
        if inner.fail_from.get().is_some_and(|from| number >= from) {
            return Err(Outage::Store("made to fail".to_owned()));
        }
        operate(&mut inner.entries.borrow_mut())
    }
}

impl KeyValue for MemoryKeyValue {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Outage> {
        self.operate("get", |entries| Ok(entries.get(key.as_str()).cloned()))
            .await
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Outage> {
        self.operate("exists", |entries| Ok(entries.contains_key(key.as_str())))
            .await
    }

    async fn set_many(&self, new: Vec<(Key, Vec<u8>)>) -> Result<(), Outage> {
        self.operate("set-many", |entries| {
            entries.extend(
                new.into_iter()
                    .map(|(key, value)| (key.as_str().to_owned(), value)),
            );
            Ok(())
        })
        .await
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Outage> {
        self.operate("delete-many", |entries| {
            for key in keys {
                entries.remove(key.as_str());
            }
            Ok(())
        })
        .await
    }

    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Outage> {
        self.operate("increment", |entries| {
            let bytes = entries
                .entry(key.as_str().to_owned())
                .or_insert_with(|| 0_i64.to_le_bytes().to_vec());
            // Spin's SQLite provider panics here as well, and takes the whole store with it.
            let counter: [u8; 8] = bytes
                .as_slice()
                .try_into()
                .expect("a value was written over a counter");
            let sum = i64::from_le_bytes(counter) + delta;
            *bytes = sum.to_le_bytes().to_vec();
            Ok(sum)
        })
        .await
    }
}
