//! The tests of each call, one module per route.

pub(crate) mod admin;
mod cancel_recovery;
mod change_password;
pub(crate) mod courier_run;
mod email_webhooks;
mod forgot_password;
mod health;
mod metrics;
mod password_policy;
mod reset_password;
mod sign_in;
mod verify_otp;
