//! What every layer builds on: no I/O and no rules.

pub mod base64url;
pub mod blank;
pub mod keys;
pub mod random;
pub mod timestamp;
pub mod unavailable;
