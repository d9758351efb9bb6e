//! Mail: `prepare` a message, which is pure, and `deliver` it through a provider.

pub mod message;
pub mod provider;
mod resend;
