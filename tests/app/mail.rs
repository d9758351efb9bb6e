//! An email as the provider received it, and what a person reads in it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::PUBLIC_BASE_URL;

/// The body of Resend's `POST /emails`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Recipients,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    #[serde(default)]
    pub(crate) reply_to: Option<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// From the call's headers, not its body.
    #[serde(skip)]
    pub(crate) idempotency_key: Option<String>,
    #[serde(skip)]
    pub(crate) authorization: Option<String>,
}

/// Resend takes one address or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Recipients {
    One(String),
    Several(Vec<String>),
}

impl Mail {
    pub(crate) fn is_to(&self, email: &str) -> bool {
        match &self.to {
            Recipients::One(to) => to == email,
            Recipients::Several(all) => all.iter().any(|to| to == email),
        }
    }

    /// The code: the one line of the text that is nothing but six to ten digits.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.find_code()
            .unwrap_or_else(|| panic!("no code in: {}", self.text))
    }

    pub(crate) fn find_code(&self) -> Option<String> {
        let is_code = |line: &&str| {
            (6..=10).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.text
            .lines()
            .map(str::trim)
            .find(is_code)
            .map(str::to_owned)
    }

    /// The password that an administrator set: the text's one line that is indented by four spaces.
    #[track_caller]
    pub(crate) fn password(&self) -> String {
        let password = self.text.lines().find_map(|line| line.strip_prefix("    "));
        let password = password.unwrap_or_else(|| panic!("no password in: {}", self.text));
        password.to_owned()
    }

    /// The token in the link's fragment.
    #[track_caller]
    pub(crate) fn link_token(&self) -> String {
        self.token_of("/reset-password")
            .unwrap_or_else(|| panic!("no link in: {}", self.text))
    }

    /// The token in the fragment of the link for "this was not me".
    #[track_caller]
    pub(crate) fn cancel_token(&self) -> String {
        self.token_of("/cancel-recovery")
            .unwrap_or_else(|| panic!("no cancel link in: {}", self.text))
    }

    /// Everything that a person sees, as text and as HTML, and the email's headers.
    pub(crate) fn everything(&self) -> String {
        format!(
            "{}\n{}\n{}\n{:?}",
            self.subject, self.text, self.html, self.headers
        )
    }

    fn token_of(&self, page: &str) -> Option<String> {
        let link = format!("{PUBLIC_BASE_URL}{page}#token=");
        let (_, after) = self.text.split_once(&link)?;
        let token = after
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter));
        Some(token.collect())
    }
}
