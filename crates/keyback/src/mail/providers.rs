//! One file per provider: its requests, answers, webhooks and the checks of its credentials. `registry.rs` lists them.

pub(super) mod mailgun;
pub(super) mod postmark;
pub(super) mod resend;
pub(super) mod sendgrid;
pub(super) mod ses;
pub(super) mod webhook;

#[cfg(test)]
pub(super) mod tests;
