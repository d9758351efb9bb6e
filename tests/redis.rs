//! The store in Redis: what becomes of calls while it is away, and of what was acknowledged before.

mod away;
mod failover;
mod tls;
