use std::cell::Cell;
use std::pin::pin;

use super::*;
use crate::store::cx::Cx;
use crate::testing::{MemoryEnv, MemoryKeyValue, Step, block_on, run_while, step};

const LENGTH: u64 = 5_000;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(360_000_000 * LENGTH + millis)
}

fn acquire(store: &MemoryKeyValue, now: Timestamp) -> Option<Lease> {
    block_on(Lease::acquire(store, "x", Term::Change, now)).unwrap()
}

fn release(store: &MemoryKeyValue, lease: Lease, now: Timestamp) {
    block_on(Lease::release_all(store, vec![lease], now));
}

#[test]
fn is_held_by_one_and_free_again_once_released() {
    let store = MemoryKeyValue::default();
    let lease = acquire(&store, at(0)).unwrap();
    assert_eq!(acquire(&store, at(1)), None);
    release(&store, lease, at(2));
    assert_eq!(store.names(), Vec::<String>::new());
    assert!(acquire(&store, at(3)).is_some());
}

#[test]
fn costs_one_increment_and_one_deletion() {
    let store = MemoryKeyValue::default();
    let lease = acquire(&store, at(0)).unwrap();
    release(&store, lease, at(2));
    let mut operations = store.take_operations();
    operations.retain(|it| !it.starts_with("exists"));
    assert_eq!(operations, ["increment v1:lease", "delete-many v1:lease"]);
}

#[test]
fn runs_out_after_the_next_window_when_its_holder_died() {
    let store = MemoryKeyValue::default();
    let lease = acquire(&store, at(LENGTH - 1)).unwrap();
    assert_eq!(lease.until(), at(2 * LENGTH));
    assert_eq!(acquire(&store, at(LENGTH)), None);
    assert_eq!(acquire(&store, at(2 * LENGTH - 1)), None);
    assert!(acquire(&store, at(2 * LENGTH)).is_some());
}

#[test]
fn is_not_had_twice_by_clocks_that_differ_by_a_moment() {
    for (first, second) in [
        (0, LENGTH),
        (LENGTH, 0),
        (LENGTH - 1, LENGTH),
        (LENGTH, LENGTH - 1),
    ] {
        let store = MemoryKeyValue::default();
        assert!(acquire(&store, at(first)).is_some());
        assert_eq!(acquire(&store, at(second)), None, "{first} {second}");
    }
}

#[test]
fn a_dead_holder_is_in_nobodys_way_after_two_windows_however_many_had_tried() {
    for tries in 0..20 {
        for later in 2..100 {
            let store = MemoryKeyValue::default();
            assert!(acquire(&store, at(0)).is_some());
            for _ in 0..tries {
                assert_eq!(acquire(&store, at(1)), None);
            }
            let got = acquire(&store, at(later * LENGTH));
            assert!(got.is_some(), "{tries} tries, {later} windows later");
        }
    }
}

#[test]
fn what_a_dead_holder_left_goes_when_its_turn_comes_again() {
    let store = MemoryKeyValue::default();
    assert!(acquire(&store, at(0)).is_some());
    let now = at(SLOTS * LENGTH);
    let lease = acquire(&store, now).unwrap();
    release(&store, lease, now);
    assert_eq!(store.names(), Vec::<String>::new());
}

#[test]
fn is_had_by_one_only_where_a_holder_had_died_however_long_ago() {
    for later in (SLOTS..100 * SLOTS).step_by(4) {
        let store = MemoryKeyValue::default();
        assert!(acquire(&store, at(0)).is_some());
        let now = at(later * LENGTH);
        let holders = (0..5).filter(|_| acquire(&store, now).is_some());
        assert_eq!(holders.count(), 1, "{later} windows later");
    }
}

#[test]
fn what_a_dead_holder_left_is_not_deleted_by_one_whom_another_has_overtaken() {
    let store = MemoryKeyValue::default();
    assert!(acquire(&store, at(0)).is_some());
    let now = at(SLOTS * LENGTH);
    store.hold_answer_after(0);
    let mut overtaken = pin!(Lease::acquire(&store, "x", Term::Change, now));
    assert!(run_while(overtaken.as_mut(), || !store.holds_answer()).is_none());
    assert!(acquire(&store, now).is_some());
    store.release_answer();
    assert_eq!(block_on(overtaken), Ok(None));
    assert_eq!(acquire(&store, now), None);
}

#[test]
fn giving_it_back_takes_nothing_from_who_has_counted_in_the_next_window() {
    let store = MemoryKeyValue::default();
    let first = acquire(&store, at(0)).unwrap();
    let next = block_on(Begun::begin(&store, "x", Term::Change, at(LENGTH)));
    let next = next.unwrap().unwrap();
    release(&store, first, at(LENGTH + 1));
    assert!(block_on(next.confirm(&store)).unwrap().is_some());
    assert_eq!(acquire(&store, at(LENGTH + 2)), None);
}

#[test]
fn one_that_ran_out_is_not_taken_from_its_new_holder() {
    let store = MemoryKeyValue::default();
    let late = acquire(&store, at(0)).unwrap();
    let now = at(2 * LENGTH);
    assert!(acquire(&store, now).is_some());
    release(&store, late, now);
    assert_eq!(acquire(&store, at(2 * LENGTH + 1)), None);
}

#[test]
fn one_that_ran_out_is_not_given_back() {
    let store = MemoryKeyValue::default();
    let lease = acquire(&store, at(LENGTH - 1)).unwrap();
    let until = lease.until();
    let _ = store.take_operations();
    release(&store, lease.clone(), until);
    assert_eq!(store.take_operations(), Vec::<String>::new());
    release(&store, lease, until.minus(Duration::from_millis(1)));
    assert_eq!(store.take_operations(), ["delete-many v1:lease"]);

    // A caller that comes after all counters have had their turn gets the same one.
    let late = acquire(&store, at(0)).unwrap();
    let now = at(SLOTS * LENGTH);
    assert!(acquire(&store, now).is_some());
    release(&store, late, now);
    assert_eq!(acquire(&store, now), None);
}

#[test]
fn whoever_waits_outlasts_a_holder_that_died() {
    let env = MemoryEnv::default();
    let died = block_on(Lease::acquire(
        &env.store,
        "x",
        Term::Change,
        env.clock.now(),
    ));
    assert!(died.unwrap().is_some());
    let before = env.clock.now();
    let done = block_on(Lease::with(&env, "x", async |_| Ok(7)));
    assert_eq!(done, Ok(7));
    let waited = env.clock.now().since(before);
    assert!(waited <= Duration::from_secs(11), "{waited:?}");
}

#[test]
fn what_was_read_beside_a_holder_that_gives_the_lease_back_is_read_again() {
    let env = MemoryEnv::default();
    let window = Term::Change.window_at(env.clock.now());
    let before = Term::Change
        .start_of(window)
        .minus(Duration::from_millis(1));
    let mut holder = acquire(&env.store, before);
    let _ = env.store.take_operations();

    let (value, reads) = (Cell::new("old"), Cell::new(0));
    let mut cx = block_on(Cx::new(&env));
    let mut waiting = pin!(Lease::wait_and_read(&mut cx, "x", async |_| {
        reads.set(reads.get() + 1);
        Ok(value.get())
    }));
    let found = loop {
        if let Step::Done(found) = step(waiting.as_mut()) {
            break found.unwrap().1;
        }
        let seen = env.store.take_operations();
        if seen.iter().any(|it| it.starts_with("exists"))
            && let Some(holder) = holder.take()
        {
            // The counter was seen, and the record read at the same time. The holder's last write comes now.
            assert_eq!(reads.get(), 1);
            value.set("new");
            release(&env.store, holder, env.clock.now());
        }
    };
    assert_eq!((found, reads.get()), ("new", 2));
}
