//! How long hashing takes.

use crate::model::measured::Measured;
use crate::ports::{Clock, Env};

/// Does `hashing` and measures its time. The clock is the wall's: a time in which it was set is measured wrong.
pub(in crate::flow) fn timed<E: Env, T>(env: &E, hashing: impl FnOnce() -> T) -> T {
    let begun = env.clock().now();
    let hashed = hashing();
    let time = env.clock().now().since(begun);
    env.meter().note(&Measured::Hashing(time));
    hashed
}
