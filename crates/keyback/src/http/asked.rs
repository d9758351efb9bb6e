//! What handlers ask of requests, for the test that the OpenAPI document lists the same.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;

thread_local! {
    static NAMES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Notes that a member of a body, or a parameter of a query, was asked for.
pub(super) fn note(name: &str) {
    NAMES.with_borrow_mut(|names| names.insert(name.to_owned()));
}

/// What was asked for since the last time.
pub(super) fn take() -> BTreeSet<String> {
    NAMES.with_borrow_mut(mem::take)
}
