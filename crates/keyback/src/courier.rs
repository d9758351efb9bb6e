//! The courier: does what is due, for whoever left it.

pub mod after_response;
pub mod report;
pub mod run;

mod backoff;
mod bulk;
mod pace;
mod pauses;
mod tasks;
mod work;
