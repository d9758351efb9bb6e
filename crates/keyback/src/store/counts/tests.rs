use super::*;
use crate::model::measured::Measured;
use crate::testing::{MemoryEnv, block_on};

const CALL: Measured<'static> = Measured::Call {
    method: "POST",
    route: "/v1/sign-in",
    status: 200,
};

/// An instance on the store of `env`, with counts of its own.
fn instance(env: &MemoryEnv) -> MemoryEnv {
    MemoryEnv {
        meter: Meter::default(),
        ..env.clone()
    }
}

fn calls(env: &MemoryEnv) -> u64 {
    let sum = block_on(sum(&env.store)).unwrap();
    sum.family("calls_total").map(|(_, count)| count).sum()
}

#[test]
fn instances_add_up_and_a_handful_of_records_is_all_there_ever_is() {
    let env = MemoryEnv::default();
    for _ in 0..20 {
        let instance = instance(&env);
        for _ in 0..5 {
            instance.meter.note(&CALL);
        }
        block_on(store_later(&instance));
        assert!(instance.meter.is_empty());
    }
    assert_eq!(calls(&env), 100);
    let names = env.store.names();
    assert!(names.len() <= 4, "{names:?}");
    assert!(
        names.iter().all(|it| it.starts_with("v1:counts:")),
        "{names:?}"
    );
}

#[test]
fn writes_depend_on_time_and_not_on_calls() {
    let env = MemoryEnv::default();
    let _ = env.store.take_written();
    let begun = env.clock.now();
    let call = async {
        for _ in 0..STORED_AFTER_CALLS - 1 {
            env.meter.note(&CALL);
            // A request that finds another one waiting leaves the counts to it.
            futures::join!(store_later(&env), store_later(&env));
        }
    };
    assert!(env.meter.begin_waiting());
    block_on(call);
    assert_eq!(env.store.take_written().len(), 0);
    env.meter.end_waiting();
    block_on(store_later(&env));
    assert_eq!(env.clock.now().since(begun), STORED_AFTER);
    assert_eq!(env.store.take_written().len(), 1);
    // Many calls are stored at once, even if another request waits.
    assert!(env.meter.begin_waiting());
    for _ in 0..STORED_AFTER_CALLS {
        env.meter.note(&CALL);
    }
    block_on(store_later(&env));
    assert_eq!(env.clock.now().since(begun), STORED_AFTER);
    assert_eq!(env.store.take_written().len(), 1);
    assert_eq!(calls(&env), u64::from(STORED_AFTER_CALLS) * 2 - 1);
}

#[test]
fn what_a_failing_store_does_not_take_is_stored_later() {
    let env = MemoryEnv::default();
    env.meter.note(&CALL);
    env.store.fail_after(Some(0));
    block_on(store_later(&env));
    assert!(!env.meter.is_empty());
    env.store.fail_after(None);
    block_on(store_later(&env));
    assert_eq!(calls(&env), 1);
}

#[test]
fn while_the_store_fails_an_instance_with_many_calls_does_not_wait_for_it() {
    let env = MemoryEnv::default();
    env.store.fail_after(Some(0));
    for _ in 0..STORED_AFTER_CALLS {
        env.meter.note(&CALL);
    }
    let begun = env.clock.now();
    block_on(store_later(&env));
    assert_eq!(env.clock.now(), begun);
    assert!(!env.meter.is_empty());
    env.store.fail_after(None);
    for _ in 0..STORED_AFTER_CALLS {
        env.meter.note(&CALL);
        block_on(store_later(&env));
    }
    assert_eq!(env.clock.now(), begun);
    assert_eq!(calls(&env), u64::from(STORED_AFTER_CALLS) * 2);
}

#[test]
fn whoever_waits_gives_up_when_many_calls_come_while_the_store_fails() {
    let env = MemoryEnv::default();
    env.store.fail_after(Some(0));
    env.meter.note(&CALL);
    let begun = env.clock.now();
    let calls = async {
        for _ in 0..STORED_AFTER_CALLS {
            env.meter.note(&CALL);
        }
    };
    block_on(async { futures::join!(store_later(&env), calls) });
    assert_eq!(env.clock.now().since(begun), STEP);
}

#[test]
fn a_lease_that_somebody_else_has_makes_another_record_be_taken() {
    let env = MemoryEnv::default();
    let now = env.clock.now();
    let mut leases = Vec::new();
    for shard in 1..SHARDS {
        let name = format!("counts.{shard}");
        let lease = Lease::acquire(&env.store, &name, Term::Change, now);
        leases.extend(block_on(lease).unwrap());
    }
    env.meter.note(&CALL);
    block_on(store(&env)).unwrap();
    let name = "counts.0";
    leases.extend(block_on(Lease::acquire(&env.store, name, Term::Change, now)).unwrap());
    assert_eq!(leases.len(), 4);
    env.meter.note(&CALL);
    assert!(block_on(store(&env)).is_err());
    block_on(Lease::release_all(&env.store, leases, now));
    block_on(store(&env)).unwrap();
    assert_eq!(calls(&env), 2);
}
