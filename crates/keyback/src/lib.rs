//! Password recovery, without the machine it runs on.
//!
//! The layers, from the inside out: [`model`] decides and does no I/O; [`store`] and [`mail`] reach the world
//! through the ports in [`ports`]; [`flow`] has one file per use case; [`courier`] does what they leave for later;
//! [`http`] translates. Nothing here names Spin,
//! reads a clock or draws randomness of its own, so all of it runs, and is tested, natively.

#![forbid(unsafe_code)]
#![warn(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic in Wasm is a trap, which ends every request of the instance"
)]
#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        reason = "tests may panic: that is how they fail"
    )
)]

mod breach;
pub mod courier;
pub mod flow;
pub mod http;
pub mod mail;
pub mod model;
pub mod portal;
pub mod ports;
pub mod settings;
pub mod store;
#[cfg(test)]
pub mod testing;
