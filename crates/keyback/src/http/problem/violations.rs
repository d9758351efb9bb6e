//! The violations of the password policy, in words.

use crate::model::password_policy::PasswordViolation;

pub(super) fn explain(violation: PasswordViolation) -> &'static str {
    match violation {
        PasswordViolation::TooShort => "is too short",
        PasswordViolation::TooLong => "is longer than 256 characters or 1024 bytes",
        PasswordViolation::TooCommon => "is too common or too predictable",
        PasswordViolation::TooWeak => "is too easy to guess: add a few unrelated words",
        PasswordViolation::SimilarToEmail => "is too similar to the email address",
        PasswordViolation::SimilarToAppName => "is too similar to the name of this service",
        PasswordViolation::SameAsCurrent => "is the current password",
        PasswordViolation::Breached => {
            "has appeared in a data breach: choose one that is used nowhere else"
        }
    }
}
