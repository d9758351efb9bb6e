//! The store in Redis: what happens to calls while it is away, and to what was acknowledged before. With
//! `KEYBACK_STORE=outbound-redis` the components call it themselves, otherwise the host does.

mod away;
mod failover;
mod lost_answer;
mod outbound;
mod tls;
