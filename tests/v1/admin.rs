//! The tests of the administrator's calls.

mod users;
