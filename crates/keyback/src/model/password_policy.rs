//! The policy for new passwords.

use zxcvbn::feedback::Warning;

use crate::model::base_url::BaseUrl;
use crate::model::email_address::EmailAddress;
use crate::model::password::Password;

/// The rules for new passwords.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    /// The rules that need no other service.
    pub policy: PasswordPolicy,
    /// The origin of the list of breached passwords; `None` if `password_breach_check` is off.
    pub breach_list: Option<BaseUrl>,
}

/// The longest password in code points (NIST SP 800-63B-4 §3.1.1.2 asks for at least 64).
pub const MAX_LENGTH: usize = 256;
/// The longest password in octets after normalisation.
pub const MAX_OCTETS: usize = 1024;

/// The rules: no composition rules, no expiry, since NIST SP 800-63B-4 §3.1.1.2 forbids both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The shortest password in code points: 8 to 64. 15 is NIST's figure for a password that is the only factor.
    pub min_length: usize,
    /// The least strength that zxcvbn may estimate: 0 to 4.
    pub min_strength: u8,
    /// The app's name. Similar passwords are refused.
    pub app_name: String,
}

/// One reason to refuse a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordViolation {
    /// Fewer code points than the policy's minimum.
    TooShort,
    /// More than 256 code points or 1024 octets.
    TooLong,
    /// On the list of the most common passwords.
    TooCommon,
    /// Easier to guess than the policy allows.
    TooWeak,
    /// The email address or a part of it, with little else.
    SimilarToEmail,
    /// The app's name, with little else.
    SimilarToAppName,
    /// Known from a breach.
    Breached,
    /// The very password that must be changed.
    SameAsCurrent,
}

impl PasswordViolation {
    /// The code in the HTTP contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too-short",
            Self::TooLong => "too-long",
            Self::TooCommon => "too-common",
            Self::TooWeak => "too-weak",
            Self::SimilarToEmail => "similar-to-email",
            Self::SimilarToAppName => "similar-to-app-name",
            Self::Breached => "breached",
            Self::SameAsCurrent => "same-as-current",
        }
    }
}

impl PasswordPolicy {
    /// All violations of `password` for the account with `email`, in a fixed order; empty if it is acceptable.
    #[must_use]
    pub fn violations(&self, password: &Password, email: &EmailAddress) -> Vec<PasswordViolation> {
        let text = password.reveal();
        let length = text.chars().count();
        if length > MAX_LENGTH || text.len() > MAX_OCTETS {
            // Estimating the strength of an overlong text would be work for nothing.
            return vec![PasswordViolation::TooLong];
        }
        let known = [email.as_str(), email.local_part(), &self.app_name];
        let estimate = zxcvbn::zxcvbn(text, &known);
        let too_common = matches!(
            estimate
                .feedback()
                .and_then(zxcvbn::feedback::Feedback::warning),
            Some(
                Warning::ThisIsATop10Password
                    | Warning::ThisIsATop100Password
                    | Warning::ThisIsACommonPassword
            )
        );
        let domain = email
            .as_str()
            .split_once('@')
            .map_or("", |(_, domain)| domain);
        let similar_to_email = [email.as_str(), email.local_part(), domain]
            .iter()
            .any(|part| is_little_more_than(text, part));
        [
            (length < self.min_length, PasswordViolation::TooShort),
            (too_common, PasswordViolation::TooCommon),
            (
                u8::from(estimate.score()) < self.min_strength,
                PasswordViolation::TooWeak,
            ),
            (similar_to_email, PasswordViolation::SimilarToEmail),
            (
                is_little_more_than(text, &self.app_name),
                PasswordViolation::SimilarToAppName,
            ),
        ]
        .into_iter()
        .filter_map(|(violated, violation)| violated.then_some(violation))
        .collect()
    }
}

/// Whether `text` is `word` plus at most three letters or digits. Case and punctuation are ignored.
fn is_little_more_than(text: &str, word: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (text, word) = (letters(text), letters(word));
    let spare = text.chars().count().saturating_sub(word.chars().count());
    word.chars().count() >= 3 && text.contains(&word) && spare <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(password: &str) -> Vec<PasswordViolation> {
        let policy = PasswordPolicy {
            min_length: 8,
            min_strength: 3,
            app_name: "Keyback".to_owned(),
        };
        let email = EmailAddress::parse("ann.lee@example.com").unwrap();
        policy.violations(&Password::new(password), &email)
    }

    #[test]
    fn a_good_password_is_taken_whatever_it_is_made_of() {
        for good in [
            "staple horse violet crane",
            "ぱすわーどをわすれましたどうしよう",
            "qX7#vKp2!mZ9",
            &"long and longer ".repeat(16),
        ] {
            assert_eq!(violations(good), [], "{good}");
        }
    }

    #[test]
    fn all_violations_come_at_once() {
        use PasswordViolation::{
            SimilarToAppName, SimilarToEmail, TooCommon, TooLong, TooShort, TooWeak,
        };
        assert_eq!(violations("12345"), [TooShort, TooCommon, TooWeak]);
        assert_eq!(violations("password"), [TooCommon, TooWeak]);
        assert_eq!(violations("Ann.Lee@Example.com"), [TooWeak, SimilarToEmail]);
        assert_eq!(violations("Keyback-99"), [TooWeak, SimilarToAppName]);
        assert_eq!(violations(&"é".repeat(257)), [TooLong]);
        assert_eq!(violations(&"\u{1F511}".repeat(257)), [TooLong]);
        assert_eq!(violations(""), [TooShort, TooWeak]);
    }

    #[test]
    fn length_is_counted_in_code_points() {
        assert!(violations("🔑🚪🔒").contains(&PasswordViolation::TooShort));
        assert!(!violations(&"🔑🚪🔒🗝🧷🪝🧲🔧".repeat(32)).contains(&PasswordViolation::TooLong));
        assert!(!violations("🔑🚪🔒🗝🧷🪝🧲🔧").contains(&PasswordViolation::TooShort));
    }
}
