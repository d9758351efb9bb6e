//! Recovering an account: ask, verify the code, set a new password, or cancel.

pub mod cancel;
pub mod find_challenge;
pub mod forgot_password;
pub mod issue;
pub mod reset_password;
pub mod start;
pub mod verify_otp;
