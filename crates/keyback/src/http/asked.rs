//! The names that handlers read from requests, for the test that compares them with the OpenAPI document.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::mem;

thread_local! {
    static NAMES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Records that a member of a body or a parameter of a query was read.
pub(super) fn note(name: &str) {
    NAMES.with_borrow_mut(|names| names.insert(name.to_owned()));
}

/// Takes the names recorded since the last call.
pub(super) fn take() -> BTreeSet<String> {
    NAMES.with_borrow_mut(mem::take)
}
