//! What is wrong with a password, in words.

use crate::model::password_policy::PasswordViolation;

pub(super) fn explain(violation: PasswordViolation) -> &'static str {
    match violation {
        PasswordViolation::TooShort => "is too short",
        PasswordViolation::TooLong => "is longer than 256 characters or 1024 bytes",
        PasswordViolation::TooCommon => "is too common or too easy to expect",
        PasswordViolation::TooWeak => {
            "is too easy to guess: add a few words that do not belong together"
        }
        PasswordViolation::SimilarToEmail => "is little more than the email address",
        PasswordViolation::SimilarToAppName => "is little more than the name of this service",
        PasswordViolation::SameAsCurrent => "is the current one",
        PasswordViolation::Breached => {
            "is known from a data breach: choose one that is used nowhere else"
        }
    }
}
