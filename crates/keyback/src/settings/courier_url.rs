//! `courier_url_token`: for schedulers that can only call a URL.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::settings::{Section, Values};

/// Lengths of a token. 32 hexadecimal digits are 128 bits.
const LENGTHS: std::ops::RangeInclusive<usize> = 32..=128;

/// The digest of the token in the URL that runs the courier. Without a token, that call is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourierUrlToken(Option<[u8; 32]>);

impl CourierUrlToken {
    /// Whether a token is set.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Whether `offered` is the token. Digests are compared, in constant time.
    #[must_use]
    pub fn is(&self, offered: &str) -> bool {
        self.0
            .is_some_and(|digest| bool::from(digest.ct_eq(&digest_of(offered))))
    }
}

impl Section for CourierUrlToken {
    fn read(values: &Values) -> Option<Self> {
        let expected = "empty, or 32 to 128 random letters, digits, - and _";
        values.read("courier_url_token", expected, parse)
    }
}

fn parse(text: &str) -> Option<CourierUrlToken> {
    if text.is_empty() {
        return Some(CourierUrlToken(None));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_token = LENGTHS.contains(&text.len()) && text.bytes().all(fits);
    is_token.then(|| CourierUrlToken(Some(digest_of(text))))
}

fn digest_of(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens() {
        let text = "a".repeat(32);
        let token = parse(&text).unwrap();
        assert!(token.is_set() && token.is(&text));
        for other in ["", "a", &"a".repeat(33), &"b".repeat(32)] {
            assert!(!token.is(other), "{other}");
        }
        let none = parse("").unwrap();
        assert!(!none.is_set() && !none.is(""));
    }

    #[test]
    fn a_token_is_long_and_needs_no_encoding() {
        for bad in [
            "a",
            &"a".repeat(31),
            &"a".repeat(129),
            &"%".repeat(32),
            &"é".repeat(32),
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
