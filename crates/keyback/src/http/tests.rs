//! Tests of the HTTP layer.

mod limits;
mod misconfigured;
mod odd_bodies;
