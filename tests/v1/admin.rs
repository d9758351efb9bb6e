//! The tests of the administrator's calls.

mod access;
mod users;
