//! Tests of the HTTP layer.

mod limits;
mod misconfigured;
