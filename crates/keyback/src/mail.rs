//! Mail: `prepare` a message, which is pure, and `deliver` it through a provider.

mod answer;
pub mod feedback;
mod mailgun;
pub mod message;
mod postmark;
pub mod provider;
mod resend;
mod sendgrid;
mod ses;
mod signature_v4;
mod webhook;
