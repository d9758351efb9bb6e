//! The tests of `/v1/admin/users…`, one file per call.

mod bulk;
mod challenge;
mod create;
mod delete;
pub(crate) mod events;
mod export;
mod ids;
mod import;
mod invite;
mod list;
mod password_change;
mod recovery;
mod reset_password;
mod show;
mod sign_out;
mod unlock;
mod update;
