//! Checks a password against a list of breached ones without revealing it: of the forty hexadecimal digits of its
//! SHA-1, only the first five leave the app (<https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange>).

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

use crate::model::password::Password;

/// The hexadecimal digits that leave the app.
const PREFIX: usize = 5;

/// The result of checking a new password against the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BreachCheck {
    /// The password is in no known breach.
    Passed,
    /// The list did not answer, and the password was accepted unchecked.
    Unavailable,
}

impl BreachCheck {
    /// The name in the HTTP contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A query to the list. As sensitive as the password, and never printed.
pub struct BreachQuery(String);

impl BreachQuery {
    /// A query for `password`.
    #[must_use]
    pub fn new(password: &Password) -> Self {
        Self(base16ct::upper::encode_string(&Sha1::digest(
            password.reveal(),
        )))
    }

    /// The five digits that name a range of the list.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.get(..PREFIX).unwrap_or_default()
    }

    /// Whether the range `answer` lists the password; `None` if it is not a range. Each line has the other 35 digits, a
    /// colon and a count, which is 0 in padding lines.
    #[must_use]
    pub fn is_listed(&self, answer: &str) -> Option<bool> {
        let rest = self.0.get(PREFIX..).unwrap_or_default();
        let mut listed = false;
        for line in answer.lines().filter(|line| !line.is_empty()) {
            let (digits, seen) = line.split_once(':')?;
            let seen: u64 = seen.trim().parse().ok()?;
            if digits.len() != rest.len() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            listed |= seen > 0 && digits.eq_ignore_ascii_case(rest);
        }
        Some(listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // printf password | sha1sum: 5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8
    const REST: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn five_digits_are_told() {
        let query = BreachQuery::new(&Password::new("password"));
        assert_eq!(query.prefix(), "5BAA6");
    }

    #[test]
    fn a_range_lists_a_password_that_was_seen() {
        let query = BreachQuery::new(&Password::new("password"));
        let other = "003D68EB55068C33ACE09247EE4C639306B";
        for (answer, listed) in [
            (format!("{other}:3\r\n{REST}:9659365"), Some(true)),
            (format!("{}:1\n", REST.to_lowercase()), Some(true)),
            (format!("{other}:3\r\n{REST}:0\r\n"), Some(false)),
            (format!("{other}:3"), Some(false)),
            (String::new(), Some(false)),
            ("<html>Sign in to the network</html>".to_owned(), None),
            (format!("{REST}:many"), None),
            (format!("{REST}:1\n{{\"error\":1}}"), None),
            (format!("{}:1", &REST[1..]), None),
        ] {
            assert_eq!(query.is_listed(&answer), listed, "{answer}");
        }
    }
}
