//! Stand-ins for the machine, for tests: a store with the platform's quirks, a clock and randomness that can be set.

mod env;
mod key_value;

pub use env::{MemoryEnv, MemoryHttp, MemoryLog, MemoryVariables, SeededRandom, SettableClock};
pub use key_value::{MemoryKeyValue, block_on};
