//! What became of the lines of an import.

use serde_json::json;

use crate::flow::accounts::import::{LineFailure, LineOutcome};
use crate::http::problem::{FieldError, reserved};

/// A line whose account can be named.
pub(super) struct Named {
    pub(super) number: usize,
    pub(super) index: Option<usize>,
    pub(super) id: Option<String>,
    pub(super) email: Option<String>,
}

/// The counts, and the failures.
#[derive(Debug, Default)]
pub(super) struct Tally {
    created: u32,
    unchanged: u32,
    failed: u32,
    /// Serialised one by one: a hundred thousand take ten times as much memory as values.
    failures: String,
}

impl Tally {
    /// Counts what became of an account.
    pub(super) fn count(&mut self, line: &Named, outcome: LineOutcome) {
        match outcome {
            LineOutcome::Created => self.created = self.created.saturating_add(1),
            LineOutcome::Unchanged => self.unchanged = self.unchanged.saturating_add(1),
            LineOutcome::Failed(failure) => {
                let (code, detail) = match failure {
                    LineFailure::Conflict => {
                        ("conflict", "the id or the address is another account's")
                    }
                    LineFailure::Reserved(until) => {
                        return self.fail(line, "conflict", &reserved(until), None);
                    }
                    LineFailure::PasswordRejected => {
                        ("password-rejected", "the policy refuses the password")
                    }
                    LineFailure::TooManyPasswords => (
                        "too-many-passwords",
                        "a call takes at most 100 passwords in clear: import the rest with another",
                    ),
                };
                self.fail(line, code, detail, None);
            }
        }
    }

    /// The first thing wrong with a line is enough to find it.
    pub(super) fn refuse(&mut self, line: &Named, errors: &[FieldError]) {
        let (detail, pointer) = errors.first().map_or(("is not valid", ""), |error| {
            (error.detail.as_str(), error.pointer.as_str())
        });
        self.fail(line, "validation-failed", detail, Some(pointer));
    }

    /// In a list, a pointer leads to the entry, since all may be on one line.
    fn fail(&mut self, line: &Named, code: &str, detail: &str, pointer: Option<&str>) {
        let pointer = match line.index {
            Some(index) => Some(format!("/{index}{}", pointer.unwrap_or_default())),
            None => pointer.map(str::to_owned),
        };
        let mut failure = json!({"line": line.number, "code": code, "detail": detail});
        let more = [
            ("pointer", &pointer),
            ("id", &line.id),
            ("email", &line.email),
        ];
        for (name, value) in more {
            if let (Some(members), Some(value)) = (failure.as_object_mut(), value) {
                members.insert(name.to_owned(), value.as_str().into());
            }
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
