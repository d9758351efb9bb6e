//! The tests of the administrator's calls.

mod access;
pub(crate) mod emails;
mod events;
mod jwt;
mod scopes;
pub(crate) mod users;
