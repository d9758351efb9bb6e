//! The tests of the administrator's calls.

mod access;
mod emails;
mod jwt;
pub(crate) mod users;
