//! Checking and changing passwords, and what administrators do to them.

pub mod admin_reset;
pub mod assess;
pub mod change;
pub mod require_change;
pub mod sign_in;
pub mod sign_out;

pub(in crate::flow) mod authenticate;
pub(crate) mod breached;
mod check_password;
mod generate;
pub(in crate::flow) mod hashing;
mod rehash;
mod set_by_user;

pub(super) use check_password::check_password;
pub(super) use generate::generate;
pub(crate) use rehash::store_newer_hash;
pub(super) use set_by_user::{UsersChange, set_by_user};
