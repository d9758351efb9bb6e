//! Email addresses, by the grammar of HTML's `<input type=email>`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::keyring::encode;

/// The longest address that SMTP can carry: a path of 256 octets less its angle brackets (RFC 5321 §4.5.3.1.3).
const MAX_OCTETS: usize = 254;
/// The longest local part, in octets (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_OCTETS: usize = 64;
/// The longest label of a domain name, in octets (RFC 1035 §2.3.4).
const MAX_LABEL_OCTETS: usize = 63;

/// A valid address, its domain in lower case.
///
/// The local part is kept and compared exactly as given, since only its mail system knows whether its case matters.
/// `Display` masks the address; only [`EmailAddress::as_str`] reveals it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// Why a text is no address. Does not repeat the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a valid email address")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// Parses an address by the grammar of HTML's `<input type=email>`
    /// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), of at most 254 octets, and
    /// lower-cases its domain.
    ///
    /// # Errors
    /// [`InvalidEmailAddress`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        if text.len() > MAX_OCTETS {
            return Err(InvalidEmailAddress);
        }
        let (local, domain) = text.split_once('@').ok_or(InvalidEmailAddress)?;
        let local_is_valid = (1..=MAX_LOCAL_OCTETS).contains(&local.len())
            && local.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
            });
        if !local_is_valid || !domain.split('.').all(is_label) {
            return Err(InvalidEmailAddress);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The full address: domain in lower case, local part as given. `Display` masks it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// The name of this address in the store: SHA-256 in base64url. It depends on no key, so that rotating
    /// `secret_key` loses no account.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"keyback email address v1\0");
        hash.update(self.0.as_bytes());
        encode(&hash.finalize())
    }
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

    #[test]
    fn lower_cases_the_domain_and_keeps_the_local_part() {
        let address = EmailAddress::parse("Ann.Lee+x@EXAMPLE.com").unwrap();
        assert_eq!(address.as_str(), "Ann.Lee+x@example.com");
        assert_ne!(
            address.digest(),
            EmailAddress::parse("ann.lee+x@example.com")
                .unwrap()
                .digest()
        );
    }

    #[test]
    fn refuses_what_the_grammar_refuses() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}.com", ["a".repeat(60).as_str(); 5].join("."));
        for bad in [
            "",
            "ann",
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
            "änn@example.com",
            "ann@exämple.com",
            "ann@[127.0.0.1]",
            &long_local,
            &long,
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(InvalidEmailAddress), "{bad}");
        }
    }

    #[test]
    fn is_masked_when_printed() {
        let address = EmailAddress::parse("ann.lee@example.com").unwrap();
        assert_eq!(address.to_string(), "a***@example.com");
        assert_eq!(format!("{address:?}"), "EmailAddress(a***@example.com)");
    }
}
