//! `/v1/admin/…`: the calls of administrators.

pub mod emails;
pub mod users;
