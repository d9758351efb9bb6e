//! Password recovery, independent of the host.
//!
//! The layers, from the inside out: [`model`] decides and does no I/O; [`store`] and [`mail`] use the ports in [`ports`];
//! [`settings`] reads the variables; [`flow`] has one file per use case; [`courier`] runs the work that flows leave;
//! [`http`] translates. Nothing here names Spin, reads a clock or draws randomness of its own, so everything runs, and is
//! tested, natively. `ARCHITECTURE.md` is the map.

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
#![cfg_attr(
    test,
    expect(
        clippy::too_many_lines,
        reason = "a test is a table or a story, read from its top"
    )
)]

pub mod base;
mod breach;
pub mod courier;
pub mod flow;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod http;
#[cfg(test)]
mod layers;
pub mod mail;
pub mod model;
pub mod portal;
pub mod ports;
pub mod settings;
pub mod store;
#[cfg(any(test, feature = "fuzzing"))]
pub mod testing;
