//! Checking passwords, and what administrators do to them.

pub mod admin_reset;
pub mod require_change;
pub mod sign_in;

mod check_password;
mod rehash;

pub(super) use check_password::check_password;
pub(crate) use rehash::store_newer_hash;
