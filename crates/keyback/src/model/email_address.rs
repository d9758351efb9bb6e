//! Email addresses, by the grammar of HTML's `<input type=email>`.

use std::borrow::Cow;
use std::fmt;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::base64url::encode;

/// The longest address that SMTP can carry: a path of 256 octets minus its angle brackets (RFC 5321 §4.5.3.1.3).
const MAX_OCTETS: usize = 254;
/// The longest text that is parsed as an address. A domain of 254 octets may be up to four times as long before
/// conversion to ASCII; longer text is not worth the work.
const MAX_TYPED_OCTETS: usize = 4 * MAX_OCTETS;
/// The longest local part, in octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_OCTETS: usize = 64;
/// The longest label of a domain name, in octets (RFC 1035 §2.3.4).
const MAX_LABEL_OCTETS: usize = 63;

/// A valid address in ASCII, its domain in lower case: the spelling to show and to send to.
///
/// Two spellings that differ in the case of the local part are one mailbox ([`EmailAddress::is_same_mailbox`]), although
/// `==` distinguishes them. `Display` masks the address; only [`EmailAddress::as_str`] reveals it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is not an address. Does not repeat the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmailAddress {
    /// It does not follow the grammar.
    #[error("is not a valid email address")]
    Malformed,
    /// Mail to such an address needs SMTPUTF8 (RFC 6531) from the provider to the mailbox, which few of them have.
    #[error("must have only ASCII characters before the @")]
    LocalPartNotAscii,
}

impl EmailAddress {
    /// Parses an address by the grammar of HTML's `<input type=email>`
    /// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), of at most 254 octets. An
    /// international domain is converted to ASCII by UTS 46, non-transitional and with STD3 rules, in lower case.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        Self::parse_with(text, to_ascii)
    }

    /// As [`EmailAddress::parse`], without international domains. Used for settings, so that components that only read
    /// them do not include the Unicode tables.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`].
    pub fn parse_ascii(text: &str) -> Result<Self, InvalidEmailAddress> {
        Self::parse_with(text, |_| None)
    }

    fn parse_with(
        text: &str,
        to_ascii: impl FnOnce(&str) -> Option<Cow<'_, str>>,
    ) -> Result<Self, InvalidEmailAddress> {
        if text.len() > MAX_TYPED_OCTETS {
            return Err(InvalidEmailAddress::Malformed);
        }
        let malformed = InvalidEmailAddress::Malformed;
        let (local, domain) = text.split_once('@').ok_or(malformed)?;
        if !local.is_ascii() {
            return Err(InvalidEmailAddress::LocalPartNotAscii);
        }
        // An ASCII domain is used unchanged: existing accounts must still be found by the address they were accepted
        // with.
        let domain = if domain.is_ascii() {
            Cow::Borrowed(domain)
        } else {
            to_ascii(domain).ok_or(malformed)?
        };
        let address = format!("{local}@{}", domain.to_ascii_lowercase());
        if is_local_part(local) && domain.split('.').all(is_label) && address.len() <= MAX_OCTETS {
            Ok(Self(address))
        } else {
            Err(malformed)
        }
    }

    /// The full address: domain in its ASCII form, local part as given. `Display` masks it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// The address by which accounts are found, the same for all spellings of a mailbox: in ASCII lower case.
    ///
    /// RFC 5321 §2.4 lets a mail system distinguish `Ann` and `ann`. No mail system in common use does, and people
    /// forget how they spelled their own.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether both are spellings of one mailbox.
    #[must_use]
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }

    /// The name of this mailbox in the store: SHA-256 of the folded address in base64url. It depends on no key, so that
    /// rotating `secret_key` loses no account.
    #[must_use]
    pub fn digest(&self) -> String {
        digest_of(&self.folded())
    }

    /// The name in stores of earlier versions, which distinguished spellings; `None` if it is the same as
    /// [`EmailAddress::digest`].
    #[must_use]
    pub fn digest_as_spelled(&self) -> Option<String> {
        let has_capital = self.0.bytes().any(|byte| byte.is_ascii_uppercase());
        has_capital.then(|| digest_of(&self.0))
    }
}

fn digest_of(text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"keyback email address v1\0");
    hash.update(text.as_bytes());
    encode(&hash.finalize())
}

/// The ASCII form of an international domain (<https://www.unicode.org/reports/tr46/#ToASCII>), if it has one. Mail
/// goes to hosts, so STD3 rules are on. Hyphens in the third and fourth position are left to the registries.
pub(super) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    let (deny, hyphens, length) = (
        AsciiDenyList::STD3,
        Hyphens::CheckFirstLast,
        DnsLength::Verify,
    );
    Uts46::new()
        .to_ascii(domain.as_bytes(), deny, hyphens, length)
        .ok()
}

fn is_local_part(local: &str) -> bool {
    (1..=MAX_LOCAL_OCTETS).contains(&local.len())
        && local
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte))
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_OCTETS).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for EmailAddress {
    /// Masked, for logs: `a***@example.com`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let first = local.chars().next().unwrap_or('*');
        write!(f, "{first}***@{domain}")
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn lower_cases_the_domain_and_shows_the_local_part_as_given() {
        let address = parsed("Ann.Lee+x@EXAMPLE.com");
        assert_eq!(address.as_str(), "Ann.Lee+x@example.com");
    }

    #[test]
    fn spellings_that_differ_in_case_are_one_mailbox() {
        let address = parsed("Ann.Lee+x@EXAMPLE.com");
        for other in [
            "ann.lee+x@example.com",
            "ANN.LEE+X@example.COM",
            "Ann.Lee+x@example.com",
        ] {
            let other = parsed(other);
            assert!(address.is_same_mailbox(&other));
            assert_eq!(address.digest(), other.digest());
        }
        // Only case is folded: dots and tags are up to the mail system.
        for other in ["annlee+x@example.com", "ann.lee@example.com"] {
            assert!(!address.is_same_mailbox(&parsed(other)), "{other}");
            assert_ne!(address.digest(), parsed(other).digest(), "{other}");
        }
    }

    #[test]
    fn only_a_capital_in_the_local_part_changes_the_digest_of_earlier_versions() {
        assert_eq!(parsed("ann@EXAMPLE.com").digest_as_spelled(), None);
        let spelled = parsed("Ann@example.com").digest_as_spelled();
        assert!(spelled.is_some_and(|spelled| spelled != parsed("ann@example.com").digest()));
    }

    #[test]
    fn an_international_domain_gets_its_ascii_form() {
        for (given, kept) in [
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("Ann@BÜCHER.Example", "Ann@xn--bcher-kva.example"),
            // Decomposed: u and a combining diaeresis.
            ("ann@bu\u{308}cher.example", "ann@xn--bcher-kva.example"),
            ("ann@bücher\u{3002}example", "ann@xn--bcher-kva.example"),
            ("ann@bücher\u{ff0e}example", "ann@xn--bcher-kva.example"),
            (
                "ann@xn--bcher-kva\u{ff61}example",
                "ann@xn--bcher-kva.example",
            ),
            ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
            // Non-transitional: the sharp s is preserved.
            ("ann@straße.example", "ann@xn--strae-oqa.example"),
            ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"),
            ("ann@ｅｘａｍｐｌｅ.com", "ann@example.com"),
            // Invisible, as copied from an email or a page.
            ("ann@exam\u{ad}ple\u{200b}.com", "ann@example.com"),
        ] {
            let address = parsed(given);
            assert_eq!(address.as_str(), kept, "{given}");
            assert_eq!(parsed(kept), address);
        }
    }

    #[test]
    fn refuses_what_the_grammar_refuses() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}.com", ["a".repeat(60).as_str(); 5].join("."));
        let long_label = format!("ann@{}.com", "ü".repeat(60));
        let endless = format!("ann@{}.com", "ü".repeat(2_000));
        for bad in [
            "",
            "ann",
            "änn",
            "@example.com",
            "ann@",
            "ann@-x.com",
            "ann@x-.com",
            "ann@x..com",
            "ann@.com",
            "a b@example.com",
            "ann@exa mple.com",
            "ann@example.com\r\nBcc: x@y.z",
            "ann@b@example.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            &long_local,
            &long,
            // With a domain that is not ASCII:
            "ann@bü_cher.example",
            "ann@bü cher.example",
            "ann@bücher..example",
            "ann@bücher.example.",
            "ann@-bücher.example",
            "ann@bücher-.example",
            "ann@b@bücher.example",
            "ann@bücher\u{ff0f}x.example",
            "ann@bücher\u{ff20}x.example",
            "ann@bücher.xn--zzzzzzzz",
            "ann@\u{301}bücher.example",
            "ann@א1.a\u{5d0}",
            "ann@\u{fffd}.example",
            &long_label,
            &endless,
        ] {
            let refused = EmailAddress::parse(bad);
            assert_eq!(refused, Err(InvalidEmailAddress::Malformed), "{bad}");
        }
        for bad in [
            "änn@example.com",
            "änn@bücher.example",
            "\u{ff41}nn@example.com",
        ] {
            let refused = EmailAddress::parse(bad);
            assert_eq!(
                refused,
                Err(InvalidEmailAddress::LocalPartNotAscii),
                "{bad}"
            );
        }
        assert!(EmailAddress::parse_ascii("ann@bücher.example").is_err());
        assert!(EmailAddress::parse_ascii("ann@xn--bcher-kva.example").is_ok());
    }

    #[test]
    fn is_masked_when_printed() {
        let address = EmailAddress::parse("ann.lee@example.com").unwrap();
        assert_eq!(address.to_string(), "a***@example.com");
        assert_eq!(format!("{address:?}"), "EmailAddress(a***@example.com)");
    }
}
