//! Emails that a provider got.

use std::fmt;

use ::http::Request;
use serde_json::Value;

/// An email as the provider got it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address that the provider is to send it to.
    pub to: String,
    /// What a list of emails shows.
    pub subject: String,
    /// The part for programs that show no HTML.
    pub text: String,
    /// The part that most programs show.
    pub html: String,
    /// The provider sends one email for each key, however often it is called.
    pub idempotency_key: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({:?} to {})", self.subject, self.to)
    }
}

impl Mail {
    /// The email in a call to a provider with Resend's API.
    #[must_use]
    pub fn new(request: &Request<Vec<u8>>) -> Self {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            to: text(&body["to"][0]),
            subject: text(&body["subject"]),
            text: text(&body["text"]),
            html: text(&body["html"]),
            idempotency_key: request.headers()["idempotency-key"]
                .to_str()
                .unwrap()
                .to_owned(),
        }
    }

    /// Whether it is a recovery email, and not a notice of a change.
    #[must_use]
    pub fn is_recovery(&self) -> bool {
        self.subject.starts_with("Reset your")
    }

    /// The line of 6 to 10 digits in the plain text.
    #[must_use]
    pub fn code(&self) -> String {
        let is_code = |line: &&str| {
            (6..=10).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut lines = self.text.lines().map(str::trim);
        lines.find(is_code).expect("a code").to_owned()
    }

    /// The token after the `#` of the link that resets.
    #[must_use]
    pub fn link(&self) -> String {
        self.after("/reset-password#token=")
    }

    /// The indented line of the plain text: a generated password.
    #[must_use]
    pub fn password(&self) -> String {
        let mut lines = self.text.lines();
        let line = lines.find_map(|line| line.strip_prefix("    "));
        line.expect("a password").to_owned()
    }

    /// The token of the "this was not me" link.
    #[must_use]
    pub fn cancel(&self) -> String {
        self.after("/cancel-recovery#token=")
    }

    fn after(&self, mark: &str) -> String {
        let (_, rest) = self.text.split_once(mark).expect("a link");
        rest.chars()
            .take_while(|character| !character.is_whitespace())
            .collect()
    }
}
