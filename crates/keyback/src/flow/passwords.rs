//! Checking passwords, and what administrators do to them.

pub mod admin_reset;
pub mod require_change;
pub mod sign_in;
pub mod sign_out;

mod check_password;
mod generate;
mod rehash;

pub(super) use check_password::check_password;
pub(super) use generate::generate;
pub(crate) use rehash::store_newer_hash;
