//! The store in Redis: what becomes of calls while it is away, and of what was acknowledged before. With
//! `KEYBACK_STORE=outbound-redis` the components call it themselves, and otherwise the host does.

mod away;
mod failover;
mod lost_answer;
mod outbound;
mod tls;
