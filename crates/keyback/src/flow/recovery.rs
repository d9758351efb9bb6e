//! Recovering an account: request it, verify the code, set a new password, or cancel.

pub mod cancel;
pub mod check_token;
pub mod find_challenge;
pub mod forgot_password;
pub mod invitation;
pub mod invite;
pub mod issue;
mod live_token;
pub mod reset_password;
pub mod send_link;
pub mod start;
pub mod stop;
pub(crate) mod turn;
pub mod verify_otp;
