//! What every layer is made of: no I/O and no rules.

pub mod keys;
pub mod outage;
pub mod random;
pub mod timestamp;
