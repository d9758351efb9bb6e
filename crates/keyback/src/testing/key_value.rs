//! A store in memory that behaves like Spin's stores, including their quirks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use crate::base::keys::is_portable;
use crate::ports::{KeyValue, Unavailable};
use crate::store::keys::{AnyKey, CounterKey, Key};
use crate::testing::executor::{current_poll, turn};
use crate::testing::{Fault, FaultPlan};

#[cfg(test)]
mod tests;

/// A store in memory. Clones share their contents; [`MemoryKeyValue::fork`] copies them.
///
/// Panics where a real store would be damaged or return nonsense: when a counter is read or written as a value, when a
/// value is incremented, and when a name is outside what every store accepts.
#[derive(Debug, Clone, Default)]
pub struct MemoryKeyValue(Rc<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stored {
    Value(Vec<u8>),
    Counter(i64),
}

/// The size of one `set-many`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How many keys it set.
    pub keys: usize,
    /// The bytes of its keys and values.
    pub bytes: usize,
}

#[derive(Debug, Default)]
struct Inner {
    entries: RefCell<BTreeMap<String, Stored>>,
    operations: Cell<u64>,
    round_trips: Cell<u64>,
    last_round_trip_poll: Cell<u64>,
    operations_seen: RefCell<Vec<String>>,
    written: RefCell<Vec<Written>>,
    failing: Cell<Option<(u64, u64)>>,
    losing: Cell<Option<u64>>,
    is_full: Cell<bool>,
    /// The plan, and the operation with which it begins.
    plan: Cell<Option<(FaultPlan, u64)>>,
    halts_at: Cell<Option<u64>>,
    halted: Cell<bool>,
    contended: Cell<u32>,
    holding: Cell<Option<u64>>,
    held_up: Cell<bool>,
    delaying: Cell<Option<u64>>,
    delayed: RefCell<Vec<Delayed>>,
}

/// An increment that is done after its caller was told that it failed.
#[derive(Debug)]
struct Delayed {
    /// The operation before which it happens.
    before: u64,
    name: String,
    delta: i64,
}

impl MemoryKeyValue {
    /// An independent store with the same contents.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Rc::new(Inner {
            entries: self.0.entries.clone(),
            ..Inner::default()
        }))
    }

    /// All names in the store, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.entries.borrow().keys().cloned().collect()
    }

    /// Whether `name` is the name of a value, and not of a counter.
    #[must_use]
    pub fn holds_value(&self, name: &str) -> bool {
        matches!(self.0.entries.borrow().get(name), Some(Stored::Value(_)))
    }

    /// The bytes under `name`; a counter's are 8, little-endian, as on SQLite.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.0.entries.borrow().get(name).map(Stored::bytes)
    }

    /// Everything stored, as one text, to search for leaks.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut dump = String::new();
        for (name, stored) in self.0.entries.borrow().iter() {
            let bytes = stored.bytes();
            writeln!(dump, "{name} = {}", String::from_utf8_lossy(&bytes)).unwrap();
        }
        dump
    }

    /// Round trips since the last call; calls issued together count once.
    #[must_use]
    pub fn take_round_trips(&self) -> u64 {
        self.0.round_trips.take()
    }

    /// The operations since the last call, in order, each with the kind of its keys, such as `get v1:account`.
    #[must_use]
    pub fn take_operations(&self) -> Vec<String> {
        self.0.operations_seen.take()
    }

    /// The sizes of every `set-many` since the last call, in order.
    #[must_use]
    pub fn take_written(&self) -> Vec<Written> {
        self.0.written.take()
    }

    /// Total number of operations.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.0.operations.get()
    }

    /// Makes every operation fail after `successes` more; `None` repairs the store.
    pub fn fail_after(&self, successes: Option<u64>) {
        let from = successes.map(|successes| self.operations() + successes);
        self.0.failing.set(from.map(|from| (from, u64::MAX)));
    }

    /// Makes one operation fail after `successes` more, and none after that.
    pub fn fail_once_after(&self, successes: u64) {
        let from = self.operations() + successes;
        self.0.failing.set(Some((from, from + 1)));
    }

    /// Does one operation after `operations` more, but its caller sees a failure. `None` repairs the store.
    pub fn lose_answer_after(&self, operations: Option<u64>) {
        let at = operations.map(|operations| self.operations() + operations);
        self.0.losing.set(at);
    }

    /// Refuses writes, as with a full disk, or accepts them again. Reads still work.
    pub fn fill(&self, is_full: bool) {
        self.0.is_full.set(is_full);
    }

    /// Applies the faults of `plan` to operations, counted from here; `None` repairs the store.
    pub fn plan_faults(&self, plan: Option<FaultPlan>) {
        let begins = self.operations();
        self.0.plan.set(plan.map(|plan| (plan, begins)));
    }

    /// The fault of operation number `number`, by the plan or because the disk is full.
    fn planned(&self, name: &str, number: u64) -> Option<Fault> {
        if self.0.is_full.get() && !["get", "exists"].contains(&name) {
            return Some(Fault::Fail);
        }
        let (plan, begins) = self.0.plan.get()?;
        plan.fault(number.saturating_sub(begins))
    }

    /// Does one operation after `operations` more, and holds its answer back until [`MemoryKeyValue::release_answer`].
    pub fn hold_answer_after(&self, operations: u64) {
        self.0.holding.set(Some(self.operations() + operations));
    }

    /// Whether an answer is held back.
    #[must_use]
    pub fn holds_answer(&self) -> bool {
        self.0.held_up.get()
    }

    /// Releases the answer that is held back, or cancels holding one back.
    pub fn release_answer(&self) {
        self.0.holding.set(None);
        self.0.held_up.set(false);
    }

    /// Makes the next increment fail, and does it after `operations` more, like a request that was still on its way
    /// when its caller gave up.
    pub fn delay_increment(&self, operations: u64) {
        self.0.delaying.set(Some(operations));
    }

    /// Makes the next `increments` increments fail, as `DynamoDB` does under contention.
    pub fn contend(&self, increments: u32) {
        self.0.contended.set(increments);
    }

    /// Stops the store after `operations` more: a future that waits for an operation can only be dropped. `None`
    /// resumes the store.
    pub fn halt_after(&self, operations: Option<u64>) {
        self.0.halted.set(false);
        let at = operations.map(|operations| self.operations() + operations);
        self.0.halts_at.set(at);
    }

    /// Whether an operation is waiting for the halted store.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.0.halted.get()
    }

    async fn operate<T>(
        &self,
        name: &str,
        keys: &[&str],
        operate: impl FnOnce(&mut BTreeMap<String, Stored>) -> Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let inner = &self.0;
        if inner.last_round_trip_poll.replace(current_poll()) != current_poll() {
            inner.round_trips.set(inner.round_trips.get() + 1);
        }
        turn().await;
        let number = self.operations();
        if inner.halts_at.get().is_some_and(|at| number >= at) {
            inner.halted.set(true);
            pending::<()>().await;
        }
        inner.operations.set(number + 1);
        let mut kinds: Vec<&str> = keys.iter().map(|key| kind(key)).collect();
        kinds.dedup();
        let seen = format!("{name} {}", kinds.join(" "));
        inner.operations_seen.borrow_mut().push(seen);
        if let Some((from, to)) = inner.failing.get()
            && (from..to).contains(&number)
        {
            return Err(Unavailable::Store("made to fail".to_owned()));
        }
        let planned = self.planned(name, number);
        if matches!(planned, Some(Fault::Fail | Fault::Cut)) {
            return Err(Unavailable::Store("made to fail".to_owned()));
        }
        for key in keys {
            assert!(is_portable(key), "not every store takes the name {key}");
        }
        self.land_delayed(number);
        let done = operate(&mut inner.entries.borrow_mut());
        if inner.holding.get() == Some(number) {
            self.hold_up().await;
        }
        if inner.losing.get() == Some(number) || planned == Some(Fault::Lose) {
            return Err(Unavailable::Store("made to lose an answer".to_owned()));
        }
        done
    }

    /// Waits until the answer is released.
    async fn hold_up(&self) {
        self.0.held_up.set(true);
        poll_fn(|context| {
            if self.0.held_up.get() {
                context.waker().wake_by_ref();
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    /// Does the delayed increments that are due before operation `number`.
    fn land_delayed(&self, number: u64) {
        let delayed = self.0.delayed.take();
        let is_due = |it: &Delayed| it.before <= number;
        let (landing, delayed): (Vec<_>, Vec<_>) = delayed.into_iter().partition(is_due);
        self.0.delayed.replace(delayed);
        let mut entries = self.0.entries.borrow_mut();
        for Delayed { name, delta, .. } in landing {
            let Stored::Counter(count) = entries.entry(name).or_insert(Stored::Counter(0)) else {
                panic!("a delayed increment of a value");
            };
            *count += delta;
        }
    }
}

impl Stored {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Value(bytes) => bytes.clone(),
            Self::Counter(count) => count.to_le_bytes().to_vec(),
        }
    }
}

/// The part of a key before its first parameter, such as `v1:account`.
fn kind(key: &str) -> &str {
    let end = key
        .match_indices(':')
        .nth(1)
        .map_or(key.len(), |(at, _)| at);
    &key[..end]
}

impl KeyValue for MemoryKeyValue {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Unavailable> {
        let name = key.as_str();
        self.operate("get", &[name], |entries| match entries.get(name) {
            Some(Stored::Counter(_)) => panic!("{name} is a counter: its bytes mean nothing"),
            Some(Stored::Value(bytes)) => Ok(Some(bytes.clone())),
            None => Ok(None),
        })
        .await
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Unavailable> {
        let name = key.as_str();
        self.operate("exists", &[name], |entries| Ok(entries.contains_key(name)))
            .await
    }

    async fn set_many(&self, new: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable> {
        let names: Vec<&str> = new.iter().map(|(key, _)| key.as_str()).collect();
        let sizes = new
            .iter()
            .map(|(key, value)| key.as_str().len() + value.len());
        self.0.written.borrow_mut().push(Written {
            keys: new.len(),
            bytes: sizes.sum(),
        });
        let is_there =
            |(key, value): &(Key, Vec<u8>)| self.bytes(key.as_str()).as_ref() == Some(value);
        if self.0.is_full.get() && new.iter().all(is_there) {
            // SQLite writes nothing then.
            return Ok(());
        }
        self.operate("set-many", &names, |entries| {
            for (key, value) in &new {
                let before = entries.insert(key.as_str().to_owned(), Stored::Value(value.clone()));
                // The next increment would panic inside Spin's SQLite provider, and break the whole store.
                assert!(
                    !matches!(before, Some(Stored::Counter(_))),
                    "{} is a counter",
                    key.as_str()
                );
            }
            Ok(())
        })
        .await
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Unavailable> {
        let names: Vec<&str> = keys.iter().map(AnyKey::as_str).collect();
        self.operate("delete-many", &names, |entries| {
            for name in &names {
                entries.remove(*name);
            }
            Ok(())
        })
        .await
    }

    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Unavailable> {
        let name = key.as_str();
        self.operate("increment", &[name], |entries| {
            let contended = self.0.contended.get();
            if contended > 0 {
                self.0.contended.set(contended - 1);
                return Err(Unavailable::Store("contended".to_owned()));
            }
            if let Some(later) = self.0.delaying.take() {
                self.0.delayed.borrow_mut().push(Delayed {
                    before: self.operations() + later,
                    name: name.to_owned(),
                    delta,
                });
                return Err(Unavailable::Store("made to be late".to_owned()));
            }
            let entry = entries.entry(name.to_owned());
            let Stored::Counter(count) = entry.or_insert(Stored::Counter(0)) else {
                panic!("{name} is a value");
            };
            *count += delta;
            Ok(*count)
        })
        .await
    }
}
