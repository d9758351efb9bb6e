//! Mail: `message` prepares one, which is pure, and the providers of `registry` send it.

pub mod api;
pub mod message;
mod providers;
pub mod registry;
