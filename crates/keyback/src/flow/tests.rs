//! Tests of the flows, driven over the `http` layer.

mod agenda;
mod at_rest;
mod cancel_recovery;
mod crashes;
mod forgot_password;
mod look_alikes;
mod reset_password;
mod round_trips;
mod sign_in;
mod verify_otp;
