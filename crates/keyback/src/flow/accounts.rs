//! Finding, creating, importing, changing, unlocking and deleting accounts.

pub mod activity;
pub mod bulk;
pub mod create;
pub mod delete;
pub mod fold_addresses;
pub mod import;
pub mod search;
pub mod unlock;
pub mod update;
