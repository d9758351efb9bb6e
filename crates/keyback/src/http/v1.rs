//! The calls, one file each, in folders that match their paths.

pub mod admin;

pub mod cancel_recovery;
pub mod change_password;
pub mod courier_run;
pub mod email_webhooks;
pub mod forgot_password;
pub mod health;
pub mod metrics;
pub mod openapi_json;
pub mod password_policy;
pub mod reset_password;
pub mod sign_in;
pub mod verify_otp;
