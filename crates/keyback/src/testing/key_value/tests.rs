//! The store in memory has the quirks of the real ones.

use super::*;
use crate::model::id::AccountId;
use crate::store::keys;
use crate::testing::{block_on, run_while};

fn id() -> AccountId {
    AccountId::parse("a").unwrap()
}

/// A counter's name, as a value's: no other code can make one.
fn counter_as_value() -> Key {
    Key::forged(keys::events(&id()).as_str())
}

#[test]
fn a_counter_is_eight_bytes_and_reading_it_creates_it() {
    let store = MemoryKeyValue::default();
    assert_eq!(block_on(store.increment(&keys::events(&id()), 0)), Ok(0));
    assert_eq!(block_on(store.increment(&keys::events(&id()), 7)), Ok(7));
    assert_eq!(block_on(store.increment(&keys::events(&id()), -8)), Ok(-1));
    assert_eq!(store.bytes("v1:events:a"), Some(vec![0xff; 8]));
}

#[test]
#[should_panic(expected = "is a counter")]
fn a_counter_read_as_a_value_panics() {
    let store = MemoryKeyValue::default();
    block_on(store.increment(&keys::events(&id()), 1)).unwrap();
    let _ = block_on(store.get(&counter_as_value()));
}

#[test]
#[should_panic(expected = "is a counter")]
fn a_value_written_over_a_counter_panics() {
    let store = MemoryKeyValue::default();
    block_on(store.increment(&keys::events(&id()), 1)).unwrap();
    let _ = block_on(store.set_many(vec![(counter_as_value(), Vec::new())]));
}

#[test]
#[should_panic(expected = "is a value")]
fn a_value_incremented_panics() {
    let store = MemoryKeyValue::default();
    block_on(store.set_many(vec![(counter_as_value(), Vec::new())])).unwrap();
    let _ = block_on(store.increment(&keys::events(&id()), 1));
}

#[test]
#[should_panic(expected = "not every store takes the name")]
fn a_name_that_a_store_might_refuse_panics() {
    let store = MemoryKeyValue::default();
    let _ = block_on(store.get(&Key::forged("v1:account:ä")));
}

#[test]
fn contention_fails_increments_and_nothing_else() {
    let store = MemoryKeyValue::default();
    store.contend(1);
    assert_eq!(block_on(store.get(&keys::account(&id()))), Ok(None));
    assert!(block_on(store.increment(&keys::events(&id()), 1)).is_err());
    assert_eq!(block_on(store.increment(&keys::events(&id()), 1)), Ok(1));
}

#[test]
fn operations_fail_from_where_or_only_when_they_are_told_to() {
    let store = MemoryKeyValue::default();
    let get = || block_on(store.get(&keys::account(&id()))).is_ok();
    store.fail_once_after(1);
    assert_eq!([get(), get(), get()], [true, false, true]);
    store.fail_after(Some(1));
    assert_eq!([get(), get(), get()], [true, false, false]);
    store.fail_after(None);
    assert!(get());
}

#[test]
fn a_lost_answer_is_of_an_operation_that_was_done() {
    let store = MemoryKeyValue::default();
    let events = keys::events(&id());
    store.lose_answer_after(Some(1));
    assert_eq!(block_on(store.increment(&events, 1)), Ok(1));
    assert!(block_on(store.increment(&events, 1)).is_err());
    assert_eq!(block_on(store.increment(&events, 1)), Ok(3));
}

#[test]
fn writes_are_measured() {
    let store = MemoryKeyValue::default();
    let key = Key::forged("v1:x");
    block_on(store.set_many(vec![(key.clone(), vec![0; 6]), (key, vec![0; 2])])).unwrap();
    let written = Written { keys: 2, bytes: 16 };
    assert_eq!(store.take_written(), [written]);
    assert_eq!(store.take_written(), []);
}

#[test]
fn a_halted_store_does_nothing_for_whoever_is_dropped() {
    let store = MemoryKeyValue::default();
    let twice = async {
        store.increment(&keys::events(&id()), 1).await?;
        store.increment(&keys::events(&id()), 1).await
    };
    store.halt_after(Some(1));
    assert_eq!(run_while(twice, || !store.is_halted()), None);
    store.halt_after(None);
    assert_eq!(block_on(store.increment(&keys::events(&id()), 0)), Ok(1));
}

#[test]
fn calls_issued_together_are_one_round_trip() {
    let store = MemoryKeyValue::default();
    let (account, epoch) = (keys::account(&id()), keys::events(&id()));
    let together = async {
        let (a, b) = futures::join!(store.get(&account), store.increment(&epoch, 1));
        a.and(b)
    };
    block_on(together).unwrap();
    block_on(store.exists(&account.clone().into())).unwrap();
    assert_eq!(store.take_round_trips(), 2);
    assert_eq!(
        store.take_operations(),
        ["get v1:account", "increment v1:events", "exists v1:account"]
    );
}

#[test]
fn a_fork_shares_nothing() {
    let store = MemoryKeyValue::default();
    block_on(store.increment(&keys::events(&id()), 1)).unwrap();
    let fork = store.fork();
    assert_eq!(block_on(fork.increment(&keys::events(&id()), 1)), Ok(2));
    assert_eq!(block_on(store.increment(&keys::events(&id()), 0)), Ok(1));
}
