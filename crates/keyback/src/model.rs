//! Pure decisions: no I/O, no clock, no randomness; time and random bytes are arguments.

pub mod account;
pub mod agenda_task;
pub mod base_url;
pub mod client_address;
pub mod code;
pub mod colour;
pub mod credential;
pub mod email;
pub mod email_address;
pub mod event;
pub mod generated_password;
pub mod id;
pub mod imported_hash;
pub mod jwt;
pub mod keyring;
pub mod limit;
pub mod locale;
pub mod log_line;
pub mod password;
pub mod password_hash;
pub mod password_policy;
pub mod recovery;
pub mod sealed;
pub mod standard_webhook;
pub mod timestamp;
pub mod token;
