//! Tests of the HTTP layer.

mod health;
mod limits;
mod misconfigured;
mod odd_bodies;
