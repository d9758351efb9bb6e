//! Cheap hashing for tests that set many passwords.

use std::cell::Cell;

thread_local! {
    static CHEAP: Cell<bool> = const { Cell::new(false) };
}

/// Makes this thread, and so this test, hash passwords with next to no memory and time.
pub fn hash_cheaply() {
    CHEAP.set(true);
}

/// Whether this thread hashes cheaply.
#[must_use]
pub fn hashing_is_cheap() -> bool {
    CHEAP.get()
}
