//! The outcome of the lines of an import.

use serde_json::json;

use crate::flow::accounts::import::{LineFailure, LineOutcome};
use crate::http::problem::{FieldError, reserved};

/// Where an account is in the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The number of the line on which it begins, from 1.
    pub(super) line: usize,
    /// Its place in the list, from 0, if it is in one.
    pub(super) index: Option<usize>,
}

/// The counts, and the failures.
#[derive(Debug, Default)]
pub(super) struct Tally {
    created: u32,
    unchanged: u32,
    failed: u32,
    /// Serialised one by one: as values, a hundred thousand would take ten times as much memory.
    failures: String,
}

impl Tally {
    /// Counts the outcome of an account.
    pub(super) fn count(&mut self, place: Place, outcome: LineOutcome) {
        match outcome {
            LineOutcome::Created => self.created = self.created.saturating_add(1),
            LineOutcome::Unchanged => self.unchanged = self.unchanged.saturating_add(1),
            LineOutcome::Failed(failure) => {
                let (code, detail) = match failure {
                    LineFailure::Conflict => ("conflict", "another account has this ID or address"),
                    LineFailure::Reserved(until) => {
                        return self.fail(place, "conflict", &reserved(until), None);
                    }
                    LineFailure::PasswordRejected => (
                        "password-rejected",
                        "the password does not meet the password policy",
                    ),
                    LineFailure::TooManyPasswords => (
                        "too-many-passwords",
                        "at most 100 plaintext passwords per call: import the rest in another call",
                    ),
                };
                self.fail(place, code, detail, None);
            }
        }
    }

    /// The first error of a line is enough to find it.
    pub(super) fn refuse(&mut self, place: Place, errors: &[FieldError]) {
        let (detail, pointer) = errors.first().map_or(("is not valid", ""), |error| {
            (error.detail.as_str(), error.pointer.as_str())
        });
        self.fail(place, "validation-failed", detail, Some(pointer));
    }

    /// In a list, a pointer to the entry is needed, since all may be on one line.
    fn fail(&mut self, place: Place, code: &str, detail: &str, pointer: Option<&str>) {
        let pointer = match place.index {
            Some(index) => Some(format!("/{index}{}", pointer.unwrap_or_default())),
            None => pointer.map(str::to_owned),
        };
        let mut failure = json!({"line": place.line, "code": code, "detail": detail});
        if let (Some(members), Some(pointer)) = (failure.as_object_mut(), pointer) {
            members.insert("pointer".to_owned(), pointer.into());
        }
        self.failed = self.failed.saturating_add(1);
        if !self.failures.is_empty() {
            self.failures.push(',');
        }
        self.failures.push_str(&failure.to_string());
    }

    /// The body of the answer.
    pub(super) fn body(self, dry_run: bool, ignored: Option<&[String]>) -> String {
        let Self {
            created,
            unchanged,
            failed,
            failures,
        } = self;
        let dry_run = if dry_run { ",\"dry_run\":true" } else { "" };
        let ignored = ignored.map_or_else(String::new, |ignored| {
            format!(",\"ignored_columns\":{}", json!(ignored))
        });
        format!(
            "{{\"created\":{created},\"unchanged\":{unchanged},\"failed\":{failed},\"failures\":[{failures}]{dry_run}{ignored}}}"
        )
    }
}
