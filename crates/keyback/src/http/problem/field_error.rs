//! An error in one member of a body.

use crate::http::problem::violations::explain;
use crate::model::password_policy::PasswordViolation;

/// One thing wrong with one member of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where: a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What, without repeating the input.
    pub detail: String,
    /// The name of the broken rule, such as `too-short`, for passwords only.
    pub code: Option<&'static str>,
}

impl FieldError {
    /// At the member `name` of the body.
    #[must_use]
    pub fn at(name: &str, detail: &str) -> Self {
        // RFC 6901 §3. An unknown member may have any name of any length.
        let name: String = name.chars().take(64).collect();
        Self {
            pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            detail: detail.to_owned(),
            code: None,
        }
    }

    /// At the body as a whole.
    #[must_use]
    pub fn whole(detail: &str) -> Self {
        Self {
            pointer: String::new(),
            detail: detail.to_owned(),
            code: None,
        }
    }

    pub(super) fn of_violations(member: &str, violations: &[PasswordViolation]) -> Vec<Self> {
        let errors = violations.iter().map(|violation| Self {
            code: Some(violation.code()),
            ..Self::at(member, explain(*violation))
        });
        errors.collect()
    }
}
