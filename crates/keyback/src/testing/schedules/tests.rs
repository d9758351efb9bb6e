//! The explored orders are those that are documented.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::*;
use crate::model::id::AccountId;
use crate::ports::KeyValue as _;
use crate::store::keys;
use crate::testing::MemoryKeyValue;

/// Callers that each do so many operations, and the order of all of those.
fn callers(operations: &[usize]) -> (Rc<RefCell<Vec<usize>>>, Vec<Caller<()>>) {
    let order = Rc::new(RefCell::new(Vec::new()));
    let store = MemoryKeyValue::default();
    let caller = |(number, count): (usize, &usize)| -> Caller<()> {
        let (order, store, count) = (Rc::clone(&order), store.clone(), *count);
        Box::pin(async move {
            for _ in 0..count {
                let key = keys::events(&AccountId::placeholder());
                store.increment(&key, 1).await.unwrap();
                order.borrow_mut().push(number);
            }
        })
    };
    let callers = operations.iter().enumerate().map(caller).collect();
    (order, callers)
}

#[test]
fn all_orders_are_run() {
    let seen = RefCell::new(BTreeSet::new());
    let begin = || callers(&[3, 4]);
    let explored = explore(10_000, begin, |order, _| {
        seen.borrow_mut().insert(order.take());
    });
    assert!(explored.all);
    // 7 over 3.
    assert_eq!(seen.borrow().len(), 35);
}

#[test]
fn the_first_orders_are_those_with_the_fewest_interruptions() {
    let seen = RefCell::new(Vec::new());
    let begin = || callers(&[2, 2]);
    let explored = explore(3, begin, |order, _| seen.borrow_mut().push(order.take()));
    assert!(!explored.all);
    assert_eq!(seen.borrow()[..2], [[0, 0, 1, 1], [1, 1, 0, 0]]);
}

#[test]
fn a_lost_update_is_found() {
    let lost = Cell::new(false);
    let begin = || {
        let store = MemoryKeyValue::default();
        let caller = || -> Caller<()> {
            let store = store.clone();
            Box::pin(async move {
                let key = keys::recovery(&AccountId::placeholder());
                let before = store.get(&key).await.unwrap().unwrap_or_default();
                let after = [before.as_slice(), &[1]].concat();
                store.set_many(vec![(key, after)]).await.unwrap();
            })
        };
        let callers = vec![caller(), caller()];
        (store, callers)
    };
    let _ = explore(100, begin, |store, _| {
        let written = store.bytes("v1:recovery:.").unwrap();
        lost.set(lost.get() || written.len() == 1);
    });
    assert!(lost.get());
}
