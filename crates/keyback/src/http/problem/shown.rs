//! Problems as answers show them.

use serde::Serialize;

use crate::http::problem::{FieldError, Problem};
use crate::model::base_url::BaseUrl;
use crate::model::password_policy::PasswordViolation;

impl Problem {
    pub(in crate::http) fn body(
        &self,
        base_url: Option<&BaseUrl>,
        request_id: &str,
    ) -> ProblemShown {
        let path = format!("/problems/{}", self.kind.slug());
        // What may have been done, and what a secret is still good for: a client may show it unchanged.
        let help = (self.kind.status() == 503).then(|| self.kind.help().to_owned());
        ProblemShown {
            kind: base_url.map_or_else(|| path.clone(), |base_url| base_url.join(&path)),
            title: self.kind.title(),
            status: self.kind.status(),
            instance: format!("urn:uuid:{request_id}"),
            detail: self.detail.clone().or(help),
            errors: self.errors.iter().map(FieldError::shown).collect(),
            variables: self.variables.clone(),
            reasons: self.reasons.clone(),
        }
    }
}

/// An error (RFC 9457).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Problem"))]
pub(in crate::http) struct ProblemShown {
    /// Names the kind of problem: `<public_base_url>/problems/<slug>`, a page that explains it.
    #[serde(rename = "type")]
    #[cfg_attr(test, schemars(extend("format" = "uri-reference")))]
    kind: String,
    /// A short text, the same for all problems of the kind.
    title: &'static str,
    /// The status of the answer.
    #[cfg_attr(test, schemars(range(min = 400, max = 599)))]
    status: u16,
    /// A URN with the answer's `X-Request-Id`.
    instance: String,
    /// What the title leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// All errors in the body or the query, or all rules that the password breaks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorShown>,
    /// Health only: the bad variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variables: Vec<&'static str>,
    /// Health only: why they are bad, or why the store fails.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

/// One error in a body or a query.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "FieldError"))]
pub(in crate::http) struct ErrorShown {
    /// Where: a JSON Pointer (RFC 6901) into the body. Empty for the body as a whole, and for the query.
    pointer: String,
    /// What is wrong, without repeating the input.
    detail: String,
    /// For passwords: the broken rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(extend("enum" = ["too-short", "too-long", "too-common", "too-weak", "similar-to-email", "similar-to-app-name", "breached", "same-as-current"])))]
    code: Option<&'static str>,
}

impl FieldError {
    fn shown(&self) -> ErrorShown {
        ErrorShown {
            pointer: self.pointer.clone(),
            detail: self.detail.clone(),
            code: self.code,
        }
    }
}

/// The password's violations in `member`, as a problem lists them.
pub(in crate::http) fn violations_of(
    member: &str,
    violations: &[PasswordViolation],
) -> Vec<ErrorShown> {
    let errors = FieldError::of_violations(member, violations);
    errors.iter().map(FieldError::shown).collect()
}
