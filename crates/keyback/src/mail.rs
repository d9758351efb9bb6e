//! Mail: `message` prepares an email, without side effects, and the providers of `registry` send it.

pub mod api;
pub mod message;
mod providers;
pub mod registry;
