//! Creating, importing, changing and deleting accounts.

pub mod create;
pub mod delete;
pub mod fold_addresses;
pub mod import;
pub mod update;
