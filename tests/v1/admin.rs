//! The tests of the administrator's calls.

mod access;
mod jwt;
mod users;
