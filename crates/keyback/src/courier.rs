//! The courier: does the work that is due, whichever request left it.

pub mod after_response;
pub mod report;
pub mod run;

mod backoff;
mod bulk;
mod pace;
mod pauses;
mod tasks;
mod work;
