//! The tests of the administrator's calls.

mod access;
mod emails;
mod jwt;
mod users;
