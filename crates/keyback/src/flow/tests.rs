//! Tests of the flows, driven over the `http` layer.

mod agenda;
mod at_rest;
mod breaches;
mod cancel_recovery;
mod crashes;
mod deliveries;
mod email_feedback;
mod epochs;
mod events;
mod find_challenge;
mod forgot_password;
mod languages;
mod look_alikes;
mod lost_answers;
mod operations;
mod outages;
mod races;
mod reset_password;
mod rotation;
mod round_trips;
mod sign_in;
mod soak;
mod state_machine;
mod threat_model;
mod verify_otp;
mod webhooks;
