//! The policy for new passwords.

use crate::model::base_url::BaseUrl;
use crate::model::email_address::EmailAddress;
use crate::model::password::Password;

mod blocklist;
mod similar;
mod spelling;
mod strength;

pub use blocklist::Blocklist;
use similar::{is_little_more_than, words_of_email, words_of_name};

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

/// The rules: neither composition rules nor expiry, since NIST SP 800-63B-4 §3.1.1.2 forbids both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The shortest password in code points: 8 to 64. 15 is NIST's figure for a password that is the only factor.
    pub min_length: usize,
    /// The minimum strength, as estimated by zxcvbn: 0 to 4.
    pub min_strength: u8,
    /// The app's name. Similar passwords are refused.
    pub app_name: String,
    /// The operator's own words. Similar passwords are refused.
    pub blocklist: Blocklist,
}

/// One reason to refuse a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordViolation {
    /// Fewer code points than the policy's minimum.
    TooShort,
    /// More than 256 code points or 1024 octets.
    TooLong,
    /// On the list of the most common passwords, or little more than a word of the operator's list.
    TooCommon,
    /// Easier to guess than the policy allows.
    TooWeak,
    /// The email address or a part of it, with little else.
    SimilarToEmail,
    /// The app's name, with little else.
    SimilarToAppName,
    /// Known from a breach.
    Breached,
    /// The same password as the one that must be changed.
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

/// What the policy says about a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// zxcvbn's estimate, 0 to 4; 0 for a text that is longer than any password may be.
    pub score: u8,
    /// All violations in a fixed order; empty if it is acceptable.
    pub violations: Vec<PasswordViolation>,
}

impl PasswordPolicy {
    /// All violations of `password` for the account with `email`, in a fixed order; empty if it is acceptable.
    #[must_use]
    pub fn violations(&self, password: &Password, email: &EmailAddress) -> Vec<PasswordViolation> {
        // A score below the minimum may be too high, but it is below the minimum either way.
        self.assess_down_to(self.min_strength, password, Some(email))
            .violations
    }

    /// Estimates the strength of `password` and lists its violations. Without an address, no violation concerns it.
    #[must_use]
    pub fn assess(&self, password: &Password, email: Option<&EmailAddress>) -> Assessment {
        self.assess_down_to(0, password, email)
    }

    /// The assessment. If its score is below `least`, it may be too high.
    fn assess_down_to(
        &self,
        least: u8,
        password: &Password,
        email: Option<&EmailAddress>,
    ) -> Assessment {
        let text = password.reveal();
        let length = text.chars().count();
        if length > MAX_LENGTH || text.len() > MAX_OCTETS {
            // Other violations of an overlong text are not worth the work of finding them.
            return Assessment {
                score: 0,
                violations: vec![PasswordViolation::TooLong],
            };
        }
        let words = email.map(words_of_email).unwrap_or_default();
        let name: Vec<&str> = words_of_name(&self.app_name).collect();
        let blocked = self.blocklist.words_in(text);
        let mut known = vec![self.app_name.as_str()];
        known.extend(email.iter().flat_map(|it| [it.as_str(), it.local_part()]));
        known.extend(&blocked);
        let strength = strength::estimate(text, &known, least);
        let violations = [
            (length < self.min_length, PasswordViolation::TooShort),
            (
                strength.is_common || is_little_more_than(text, &blocked),
                PasswordViolation::TooCommon,
            ),
            (
                strength.score < self.min_strength,
                PasswordViolation::TooWeak,
            ),
            (
                is_little_more_than(text, &words),
                PasswordViolation::SimilarToEmail,
            ),
            (
                is_little_more_than(text, &name),
                PasswordViolation::SimilarToAppName,
            ),
        ]
        .into_iter()
        .filter_map(|(violated, violation)| violated.then_some(violation))
        .collect();
        Assessment {
            score: strength.score,
            violations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(password: &str) -> Vec<PasswordViolation> {
        let policy = PasswordPolicy {
            min_length: 8,
            min_strength: 3,
            app_name: "Keyback".to_owned(),
            blocklist: Blocklist::parse("rosebud, Kane").unwrap(),
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
    fn what_an_attacker_tries_first_is_refused_in_any_spelling() {
        use PasswordViolation::{SimilarToAppName, SimilarToEmail, TooCommon, TooWeak};
        for (password, reason) in [
            ("keyback-keyback", SimilarToAppName),
            ("K3yb4ck!kcabyek", SimilarToAppName),
            ("ann.lee1990", SimilarToEmail),
            ("Lee-Ann-19901231", SimilarToEmail),
            ("exampleexample", SimilarToEmail),
            ("summer2026summer", TooWeak),
            ("autumn-Autumn-4utumn", TooWeak),
            ("Rosebud-2026!", TooCommon),
            ("kaneKANEk4n3", TooCommon),
        ] {
            let found = violations(password);
            assert!(found.contains(&reason), "{password}: {found:?}");
        }
        assert_eq!(violations("rosebud under staple cranes"), []);
    }

    /// Texts that kept zxcvbn busy for seconds, and texts of other shapes that a search found to be the slowest.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    fn no_text_keeps_it_busy() {
        let shapes = [
            "4@8({[<3691!|70$5+%2",
            "({[<1!|7$5+4@69",
            "1|7!({[<4@69$5+7",
            "aaaa4@aaaa4@",
            "p4$$w0rd!P@55w0rd|",
            "abcabcabdabcabcabd",
            "1qaz!QAZ2wsx@WSX",
            "theatheathea",
            "11/11/1111.11.11",
        ];
        for shape in shapes {
            // The last one is longer than any password may be, and is refused for that alone.
            for length in [16, 40, 41, 80, 100, 256, 16_000] {
                let text: String = shape.chars().cycle().take(length).collect();
                let began = std::time::Instant::now();
                let _ = violations(&text);
                // Unoptimised and on a busy machine. It used to take 20 seconds and more.
                let took = began.elapsed();
                assert!(took.as_secs() < 5, "{shape} {length}: {took:?}");
            }
        }
    }

    #[test]
    fn an_assessment_scores_what_is_refused_as_well_and_needs_no_address() {
        let policy = PasswordPolicy {
            min_length: 8,
            min_strength: 3,
            app_name: "Keyback".to_owned(),
            blocklist: Blocklist::default(),
        };
        let email = EmailAddress::parse("ann.lee@example.com").unwrap();
        let assess = |text, email| policy.assess(&Password::new(text), email);
        for (text, least, most) in [
            ("", 0, 0),
            ("password", 0, 0),
            ("heron dawn", 1, 3),
            ("staple horse violet crane", 4, 4),
        ] {
            let Assessment { score, violations } = assess(text, None);
            assert!((least..=most).contains(&score), "{text}: {score}");
            let is_weak = violations.contains(&PasswordViolation::TooWeak);
            assert_eq!(is_weak, score < 3, "{text}");
        }
        let about = |email| assess("ann.lee@example.com", email).violations;
        assert!(about(Some(&email)).contains(&PasswordViolation::SimilarToEmail));
        assert!(!about(None).contains(&PasswordViolation::SimilarToEmail));
    }

    #[test]
    fn length_is_counted_in_code_points() {
        assert!(violations("🔑🚪🔒").contains(&PasswordViolation::TooShort));
        assert!(!violations(&"🔑🚪🔒🗝🧷🪝🧲🔧".repeat(32)).contains(&PasswordViolation::TooLong));
        assert!(!violations("🔑🚪🔒🗝🧷🪝🧲🔧").contains(&PasswordViolation::TooShort));
    }
}
