//! Stand-ins for the host, for tests: a store with the platform's quirks, a clock and randomness under control, and on
//! top of them the app, as its callers see it.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what serves tests panics: that is how they fail"
)]

mod app;
mod env;
mod exchange;
mod executor;
mod fault_plan;
mod hashing;
mod jwt;
mod key_value;
mod mail;
mod reply;
pub mod schedules;

pub use app::{App, Call, Recovery, other_than};
pub use env::{
    MemoryEnv, MemoryHttp, MemoryLog, MemoryVariables, ProviderAnswer, SeededRandom, SettableClock,
};
pub use exchange::{exchange, exchange_raw};
pub use executor::{Step, block_on, run_while, step};
pub use fault_plan::{Fault, FaultPlan};
pub use hashing::{hash_cheaply, hashing_is_cheap};
pub use jwt::TestKey;
pub use key_value::{MemoryKeyValue, Written};
pub use mail::Mail;
pub use reply::Reply;
