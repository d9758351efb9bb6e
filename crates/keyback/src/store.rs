//! Records and counters over the key-value port.

pub mod agenda;
pub mod event_log;
pub mod keys;
pub mod lease;
pub mod limiter;
pub mod outbox;
pub mod record;
